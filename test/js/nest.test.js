// SPDX-License-Identifier: MIT
'use strict';

// `pg-holdfast/nest` without Nest; test/apps/nest*.test.js has the real one.

const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const { describe, test } = require('node:test');

const { HoldfastHealthIndicator } = require('../../lib/nest/health.js');
const { nestFor } = require('../../lib/nest/module.js');

const ROOT = path.join(__dirname, '..', '..');

/** What it uses of @nestjs/common. */
const COMMON = {
  Module: () => () => {},
  Injectable: () => () => {},
  Inject: (/** @type {any} */ token) => token,
  Logger: class {},
};

describe('pg-holdfast/nest', () => {
  test('it has the same names in code, module and types', () => {
    const names = Object.keys(nestFor(COMMON)).sort();
    const types = fs.readFileSync(
      path.join(ROOT, 'lib/nest/index.d.ts'),
      'utf8',
    );
    const values = [
      ...types.matchAll(/^export (?:class|function|const) (\w+)/gm),
    ].map(([, name]) => name);
    assert.deepStrictEqual([...new Set(values)].sort(), names);
    const module = fs.readFileSync(
      path.join(ROOT, 'lib/nest/index.mjs'),
      'utf8',
    );
    const [, list] = /export const \{([^}]*)\}/.exec(module) ?? [];
    assert.deepStrictEqual(list.match(/\w+/g)?.sort(), names);
  });

  test('without Nest it says what to install', () => {
    assert.throws(
      () => require('../../lib/nest/index.js'),
      /pg-holdfast\/nest needs @nestjs\/common: npm install @nestjs\/common/,
    );
  });

  test('it gives the same classes for the same Nest', () => {
    const nest = nestFor(COMMON);
    assert.strictEqual(nestFor({ ...COMMON }), nest);
    const other = nestFor({ ...COMMON, Module: () => () => {} });
    assert.notStrictEqual(other.HoldfastService, nest.HoldfastService);
  });

  test('the service has every method of the pool that its types name', () => {
    const { HoldfastService } = nestFor(COMMON);
    const types = fs.readFileSync(
      path.join(ROOT, 'lib/nest/index.d.ts'),
      'utf8',
    );
    const names = [
      ...types.matchAll(/^ {2}(?:readonly )?(\w+): Pool\['\1'\];/gm),
    ].map(([, name]) => name);
    assert.ok(names.length > 10);
    const { prototype } = HoldfastService;
    const own = [prototype, Object.getPrototypeOf(prototype)].flatMap((one) =>
      Object.getOwnPropertyNames(one),
    );
    const hooks = [
      'constructor',
      'pool',
      'onModuleInit',
      'beforeApplicationShutdown',
      'onApplicationShutdown',
    ];
    assert.deepStrictEqual(
      own.filter((name) => !hooks.includes(name)).sort(),
      names.sort(),
    );
  });

  test('a pool that exists excludes what would end or change it', () => {
    const { HoldfastService } = nestFor(COMMON);
    const pool = { drain() {}, health() {} };
    for (const more of [{ shutdownMillis: 0 }, { max: 3 }]) {
      assert.throws(() => new HoldfastService({ pool, ...more }), {
        name: 'TypeError',
        message: new RegExp(`pool and ${Object.keys(more)} exclude each other`),
      });
    }
  });

  test('an option of pingCheck() that is wrong is named', async () => {
    const indicator = new HoldfastHealthIndicator({
      health: () => Promise.reject(new Error('not to be asked')),
    });
    /** @type {[any, RegExp][]} */
    const wrong = [
      [null, /must be an object/],
      [{ timeout: 1 }, /unknown option of pingCheck\(\): timeout/],
      [{ service: {} }, /service must be/],
    ];
    for (const [options, message] of wrong) {
      await assert.rejects(indicator.pingCheck('database', options), message);
    }
  });

  test('without terminus a degraded pool is up, and says so', async () => {
    const health = { status: 'degraded', reasons: ['a', 'b'], warmed: true };
    const indicator = new HoldfastHealthIndicator({
      health: () => Promise.resolve(/** @type {any} */ (health)),
    });
    assert.deepStrictEqual(await indicator.pingCheck(), {
      database: {
        status: 'up',
        degraded: true,
        message: 'a; b',
        reasons: ['a', 'b'],
        warmed: true,
      },
    });
  });
});
