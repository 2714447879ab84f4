// SPDX-License-Identifier: MIT
// Large results in a process of their own, so that its memory can be measured.

const { setFlagsFromString } = require('node:v8');
const { runInNewContext } = require('node:vm');
const { Pool } = require('../../../lib/index.js');

const job = JSON.parse(process.argv[2]);

setFlagsFromString('--expose-gc');
/** @type {() => void} */
const collect = runInNewContext('gc');

/** @type {Record<string, () => Promise<object>>} */
const scenarios = {
  async tooLarge() {
    const options = { maxResultBytes: job.limit, deadlineMillis: 120_000 };
    const pool = new Pool({ connectionString: job.url, max: 2, ...options });
    await Promise.all([pool.query('select 1'), pool.query('select 1')]);
    const before = process.resourceUsage().maxRSS / 1024;
    /** @type {any} */
    let error = null;
    pool.query(job.text).then(
      () => {
        error = { code: 'none' };
      },
      ({ code, outcome, message }) => {
        error = { code, outcome, message };
      },
    );
    const since = performance.now();
    let others = 0;
    while (error === null) {
      await pool.query('select 1');
      others += error === null ? 1 : 0;
    }
    const millis = Math.round(performance.now() - since);
    const grownMiB = process.resourceUsage().maxRSS / 1024 - before;
    const { rows } = await pool.query('select 1 as one');
    await pool.end();
    return { error, others, millis, grownMiB, after: rows[0].one };
  },

  async kept() {
    const pool = new Pool({ connectionString: job.url, max: 2 });
    const text =
      "select g as n, 'the text number ' || g || repeat('.', 80) as text " +
      'from generate_series(1, $1) g';
    const kept = [];
    /** @type {number[]} */
    const heaps = [];
    const look = () => {
      collect();
      const { heapUsed, external } = process.memoryUsage();
      heaps.push((heapUsed + external) / 1e6);
    };
    await pool.query(text, [job.rows]);
    look();
    for (let i = 0; i < job.count; i += 1) {
      const { rows } = await pool.query(text, [job.rows]);
      kept.push(rows[rows.length >> 1].text);
    }
    look();
    const right = kept.every((cell) => cell.startsWith('the text number '));
    await pool.end();
    return { grownMB: right ? heaps[1] - heaps[0] : Infinity };
  },
};

scenarios[job.scenario]().then((report) => {
  process.send?.(report);
  process.disconnect();
});
