// SPDX-License-Identifier: MIT
'use strict';

// What an application gets of the package in a runtime that imitates Node.js.

const {
  Pool,
  classify,
  getPool,
  healthCheck,
  presets,
  retryQuery,
  warmup,
} = require('pg-holdfast');

const connectionString = process.env.TEST_URL;

/** @param {() => Promise<unknown>} ask */
async function refusal(ask) {
  try {
    return { value: await ask() };
  } catch (error) {
    const { code, message, outcome } = /** @type {any} */ (error);
    return { code, message, outcome };
  }
}

/** @param {any} pool */
async function repeated(pool) {
  let calls = 0;
  const { rows } = await retryQuery(
    () => {
      calls += 1;
      return pool.query(
        calls < 3
          ? "do $$ begin raise exception 'x' using errcode = '40001'; end $$"
          : 'select 1 + 1 as two',
      );
    },
    { preset: 'fast', maxRetries: 3 },
  );
  return { calls, two: rows[0].two };
}

async function main() {
  const native = new Pool({ connectionString, logger: false });
  const pool = getPool({ connectionString, fallback: 'pg' });
  const report = {
    native: await refusal(() => native.query('select 1')),
    health: (await native.health()).reasons,
    helpers: await repeated(pool),
    warmup: (await warmup()).ok,
    fallback: (await healthCheck()).status,
    judged: classify(Object.assign(new Error('x'), { code: '40001' })).outcome,
    presets: Object.keys(presets).length > 0,
  };
  process.env.HOLDFAST_FALLBACK = 'pg';
  const byVariable = getPool(connectionString);
  const { rows } = await byVariable.query('select 2 as n');
  await pool.end();
  console.log(
    JSON.stringify({
      ...report,
      byVariable: rows[0].n,
      same: byVariable === pool,
    }),
  );
}

main().catch((error) => {
  console.log(JSON.stringify({ failed: String(error?.stack ?? error) }));
  process.exitCode = 1;
});
