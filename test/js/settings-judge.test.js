// SPDX-License-Identifier: MIT
'use strict';

// Tenants as judge of settings: a seeded slice. `npm run prove -- settings` does
// it for 10,000 tenants.

const assert = require('node:assert');
const { test } = require('node:test');

const { findPgBouncer } = require('../support');
const { judgeSettings } = require('../support/settings-judge.js');
const { useServer } = require('../support/suite.js');

const skip = findPgBouncer() === null && 'PgBouncer is not installed';
const SEED = 20_261_130;
const TENANTS = 400;

const server = useServer();

test('no statement sees the settings of another', { skip }, async () => {
  const given = { seed: SEED, count: TENANTS };
  const { figures, faults } = await judgeSettings(server, given);
  assert.deepStrictEqual(faults, []);
  assert.ok(figures.answers > 2 * TENANTS, JSON.stringify(figures));
  assert.ok(figures.rows > 0 && figures.broken > 0);
});

test('a setting that stays in a session is found', { skip }, async () => {
  const given = { seed: SEED, count: TENANTS, leak: true };
  const { faults } = await judgeSettings(server, given);
  assert.ok(faults.some((line) => /^nobody of "" saw "tenant/.test(line)));
  assert.ok(faults.some((line) => /^ wrote as tenant/.test(line)));
});
