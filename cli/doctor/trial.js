// SPDX-License-Identifier: MIT
'use strict';

// The proof: a pool of ours with the same settings, queries with values from
// several callers at once, under a name that fails with other drivers.

const { rounded } = require('./deadline.js');
const { Failure } = require('./failure.js');

const CALLERS = 4;
const CALLS = 5;
const END_MILLIS = 1000;

/**
 * @param {import('./settings.js').Settings} settings
 * @param {import('./deadline.js').Deadline} deadline
 * @param {import('./new-report.js').HoldfastReport} report
 */
async function tryPool(settings, deadline, report) {
  // Loaded here: the rest of the doctor does not need the addon.
  const { Pool } = require('../../lib/pool/pool.js');
  const pool = new Pool({
    ...(settings.url === undefined ? {} : { connectionString: settings.url }),
    application_name: 'pg-holdfast doctor',
    max: 2,
    min: 0,
    logger: false,
  });
  pool.on('error', () => {});
  try {
    const since = performance.now();
    await ask(pool, 0, deadline);
    report.firstMillis = rounded(performance.now() - since);
    report.queries = 1;
    await Promise.all(
      Array.from({ length: CALLERS }, () => caller(pool, deadline, report)),
    );
    report.pooler = (await pool.health()).pooler;
  } finally {
    const ended = pool.drain(END_MILLIS).catch(() => {});
    await deadline.race(ended, END_MILLIS, 'the end').catch(() => {});
  }
}

/**
 * @param {import('../../lib/pool/pool.js').Pool} pool
 * @param {import('./deadline.js').Deadline} deadline
 * @param {import('./new-report.js').HoldfastReport} report
 */
async function caller(pool, deadline, report) {
  for (let i = 0; i < CALLS; i++) {
    await ask(pool, i, deadline);
    report.queries += 1;
  }
}

/**
 * @param {import('../../lib/pool/pool.js').Pool} pool
 * @param {number} i
 * @param {import('./deadline.js').Deadline} deadline
 */
async function ask(pool, i, deadline) {
  const { rows } = await pool.query({
    text: 'select $1::int + 1 as answer',
    values: [i],
    name: 's0',
    readOnly: true,
    deadlineMillis: Math.max(1, Math.round(deadline.remaining)),
  });
  if (rows[0]?.answer !== i + 1) {
    throw new Failure('protocol', 'a query got the answer of another');
  }
}

module.exports = { tryPool };
