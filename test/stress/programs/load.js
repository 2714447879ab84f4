// SPDX-License-Identifier: MIT
// Runs statements by several callers, each checked, and reports. With
// `queries: 0` it goes on until a message comes.

const { Pool } = require('../../../lib/index.js');

const job = JSON.parse(process.argv[2]);
const { callers, queries, inTransactions, number } = job;
const pool = new Pool({ connectionString: job.url, max: job.max });

const report = {
  done: 0,
  wrong: 0,
  /** @type {string[]} */
  errors: [],
  /** @type {number[]} */
  perCaller: Array.from({ length: callers }, () => 0),
  retries: 0,
};
let stopped = false;

/**
 * One statement and its expected answer: without a name, with a name that only
 * this process uses, and with one that other processes use for other SQL.
 *
 * @param {number} n
 */
function statement(n) {
  const values = [n, `text ${n}`];
  const kinds = [
    {
      text: `select $1::int + ${number} as sum, $2::text as text`,
    },
    {
      name: `own_${number}`,
      text: `select $2::text as text, $1::int + ${number} as sum`,
    },
    {
      name: 'everybody',
      text:
        number % 2 === 0
          ? `select $1::int + ${number} as sum, $2::text as text, 1 as even`
          : `select ${number} as odd, $2::text as text, $1::int + ${number} as sum`,
    },
    {
      name: `kind_${n % 5}`,
      text: `select $1::bigint::int + ${number} as sum, $2 || '' as text`,
    },
  ];
  return { ...kinds[n % kinds.length], values };
}

/** @param {any} runner @param {number} n */
async function one(runner, n) {
  const { rows } = await runner.query(job.text ?? statement(n));
  if (job.text) {
    return;
  }
  const [row] = rows;
  const right = row?.sum === n + number && row.text === `text ${n}`;
  report.wrong += rows.length === 1 && right ? 0 : 1;
}

/** @param {number} n */
async function several(n) {
  await pool.transaction(async (client) => {
    for (let i = 0; i < 4; i += 1) {
      await one(client, n + i);
    }
  });
}

/** @param {number} caller */
async function call(caller) {
  const step = inTransactions ? 4 : 1;
  for (let n = 0; queries === 0 ? !stopped : n < queries; n += step) {
    try {
      await (inTransactions ? several(n) : one(pool, n));
      report.done += step;
      report.perCaller[caller] += step;
    } catch (error) {
      const { code, outcome, message } = error;
      report.errors.push(`${code} ${outcome}: ${message}`);
    }
    if (report.done > 0 && report.done <= step) {
      process.send?.('begun');
    }
  }
}

async function main() {
  process.on('message', () => {
    stopped = true;
  });
  await Promise.all(report.perCaller.map((_, caller) => call(caller)));
  report.retries = pool.stats().retries;
  await pool.end();
  process.send?.({
    ...report,
    errors: report.errors.slice(0, 5),
    failed: report.errors.length,
  });
  process.disconnect();
}

main();
