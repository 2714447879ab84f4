// SPDX-License-Identifier: MIT
// Run by try.js with the packed packages: what a pool does all day, and what
// ends in the middle of it. Prints one line of JSON, a sentence for each task:
// '' where it did what it should.

const assert = require('node:assert');
const { fork } = require('node:child_process');
const { createHash, randomBytes } = require('node:crypto');
const { once } = require('node:events');
const { createRequire } = require('node:module');
const fs = require('node:fs');
const path = require('node:path');
const { Readable } = require('node:stream');
const { pipeline } = require('node:stream/promises');
const { Worker, isMainThread, parentPort } = require('node:worker_threads');

const load = createRequire(path.join(process.cwd(), 'program.js'));
const { Pool, retryQuery } = load('pg-holdfast');
const { url, ca, control } = JSON.parse(process.env.HF_TRY ?? '{}');

const FLOATS = 3000;
const LINES = 5000;
const CALLS = 40;
const EXITS = 6;

function makePool(max = 4) {
  return new Pool({
    connectionString: `${url}?sslmode=verify-full`,
    ssl: { ca },
    max,
    deadlineMillis: 60_000,
    connectTimeoutMillis: 30_000,
    logger: false,
  });
}

/** @param {number} n @returns {number[]} of all sizes */
function anyNumbers(n) {
  const bytes = randomBytes(8 * n);
  return Array.from({ length: n }, (_, i) => bytes.readDoubleLE(8 * i)).filter(
    Number.isFinite,
  );
}

/** @param {any} pool */
async function values(pool) {
  const numbers = anyNumbers(FLOATS);
  const date = new Date(Date.UTC(2024, 1, 29, 23, 59, 59, 999));
  const bytes = randomBytes(70_000);
  const text = 'Ein Satz mit ü, 漢字 und 🐘';
  const { rows } = await pool.query(
    `select $1::float8[] as numbers, $2::timestamptz as date, $3::bytea as bytes,
            $4::text as text, $5::jsonb as json, $6::int8 as big, null as nothing`,
    [numbers, date, bytes, text, { a: [1, null] }, '9223372036854775807'],
  );
  assert.deepStrictEqual(rows[0], {
    numbers,
    date,
    bytes,
    text,
    json: { a: [1, null] },
    big: '9223372036854775807',
    nothing: null,
  });
  const many = await pool.query('select i from generate_series(1, 100000) i');
  assert.deepStrictEqual([many.rows.length, many.rows.at(-1).i], [1e5, 1e5]);
}

/** @param {any} pool */
async function errors(pool) {
  const refused = { code: '22012', outcome: 'permanent' };
  await assert.rejects(pool.query('select 1 / $1::int', [0]), refused);
  const nobody = new Pool({
    connectionString: 'postgres://x@127.0.0.1:1/x',
    deadlineMillis: 4000,
    logger: false,
  });
  await assert.rejects(nobody.query('select 1'), (/** @type {any} */ error) => {
    const causes = [];
    for (let e = error; e !== undefined; e = e.cause) {
      causes.push(e.code);
    }
    return causes.includes('ECONNREFUSED');
  });
  await nobody.end();
}

/** @param {any} pool */
async function transactions(pool) {
  await pool.query('create table ledger (id int primary key, n int)');
  await pool.query(
    'insert into ledger select i, 0 from generate_series(1, 9) i',
  );
  const add = (/** @type {number} */ id, fails = false) =>
    pool.transaction(async (/** @type {any} */ client) => {
      await client.query('update ledger set n = n + 1 where id = $1', [id]);
      await client.query('select pg_sleep(0.01)');
      if (fails) {
        throw new Error('undo it');
      }
    });
  const ids = Array.from({ length: 27 }, (_, i) => (i % 9) + 1);
  await Promise.all(ids.map((id) => add(id)));
  await Promise.all(ids.map((id) => assert.rejects(add(id, true), /undo it/)));
  const { rows } = await pool.query('select sum(n)::int as sum from ledger');
  assert.strictEqual(rows[0].sum, ids.length);
}

/** @param {any} pool */
async function copies(pool) {
  const given = createHash('sha256');
  function* lines() {
    for (let i = 0; i < LINES; i += 1) {
      const line = `${i}\t${randomBytes(150).toString('hex')}\n`;
      given.update(line);
      yield Buffer.from(line);
    }
  }
  await pool.query('create table copied (i int, t text)');
  await pipeline(
    Readable.from(lines()),
    pool.copyFrom('copy copied from stdin'),
  );
  const got = createHash('sha256');
  const out = pool.copyTo('copy (select * from copied order by i) to stdout');
  for await (const chunk of out) {
    got.update(chunk);
  }
  assert.strictEqual(got.digest('hex'), given.digest('hex'));
  const wrong = pool.copyFrom('copy copied from stdin');
  await assert.rejects(pipeline(Readable.from(['x\ty\n']), wrong), {
    code: '22P02',
  });
}

/** @param {any} pool */
async function streams(pool) {
  let sum = 0;
  for await (const { i } of pool.stream(
    'select i from generate_series(1, 30000) i',
  )) {
    sum += i;
  }
  assert.strictEqual(sum, (30_000 * 30_001) / 2);
}

/** @param {any} pool */
async function cancels(pool) {
  const signal = AbortSignal.timeout(300);
  const sleep = pool.query({ text: 'select pg_sleep(60)', signal });
  await assert.rejects(sleep, { code: 'HF_ABORTED' });
  const { rows } = await pool.query(
    "select count(*)::int as n from pg_stat_activity where query ~ 'pg_sleep.60'" +
      " and state = 'active' and pid <> pg_backend_pid()",
  );
  assert.strictEqual(rows[0].n, 0);
}

/** @param {any} pool */
async function workers(pool) {
  const all = Array.from({ length: 3 }, () => new Worker(__filename));
  await Promise.all(all.map((worker) => once(worker, 'message')));
  await Promise.all(all.map((worker) => worker.terminate()));
  const { rows } = await pool.query('select 1 as one');
  assert.strictEqual(rows[0].one, 1);
}

/** By files: they work between any two programs. */
async function askForRestart() {
  fs.writeFileSync(path.join(control, 'wanted'), '');
  while (!fs.existsSync(path.join(control, 'done'))) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** The server is stopped and started while calls come. @param {any} pool */
async function restart(pool) {
  const restarted = askForRestart();
  const call = async (/** @type {number} */ i) => {
    await new Promise((resolve) => setTimeout(resolve, i * 25));
    const { rows } = await retryQuery(
      () => pool.query('select $1::int as i', [i]),
      { deadlineMillis: 60_000, onRetry: () => {} },
    );
    return rows[0].i;
  };
  const calls = Array.from({ length: CALLS }, (_, i) => call(i));
  assert.deepStrictEqual(await Promise.all(calls), [...Array(CALLS).keys()]);
  await restarted;
}

/** Children end by process.exit() with statements under way. */
async function exits() {
  // A child's processor has to be emulated, too.
  const command = JSON.parse(process.env.HOLDFAST_EMULATED ?? '[]');
  const [execPath = process.execPath, ...execArgv] = command;
  const options = { execPath, execArgv };
  const ends = Array.from({ length: EXITS }, async () => {
    const child = fork(__filename, ['exits'], options);
    const [code, signal] = await once(child, 'exit');
    return code ?? signal;
  });
  assert.deepStrictEqual(await Promise.all(ends), Array(EXITS).fill(7));
}

async function inChild() {
  const pool = makePool(8);
  await pool.query('select 1');
  for (let i = 0; i < 20; i += 1) {
    pool
      .query('select pg_sleep(0.02), repeat($1, 100000)', ['x'])
      .catch(() => {});
  }
  setTimeout(() => process.exit(7), 30 + Math.random() * 300);
}

async function inWorker() {
  const pool = makePool(2);
  await pool.query('select 1');
  pool.query('select pg_sleep(30)').catch(() => {});
  setTimeout(() => parentPort?.postMessage('under way'), 100);
}

async function main() {
  const pool = makePool();
  const tasks = {
    ...{ values, errors, transactions, copies, streams, cancels },
    ...{ workers, restart, exits },
  };
  /** @type {Record<string, string>} */
  const said = {};
  for (const [name, task] of Object.entries(tasks)) {
    const since = Date.now();
    try {
      await task(pool);
      said[name] = '';
    } catch (error) {
      said[name] = String(/** @type {Error} */ (error).stack).slice(0, 1000);
    }
    process.stderr.write(`${name}: ${Date.now() - since} ms\n`);
  }
  process.stdout.write(`${JSON.stringify(said)}\n`);
  pool.query('select pg_sleep(30)').catch(() => {});
  setTimeout(() => process.exit(0), 200);
}

if (!isMainThread) {
  inWorker();
} else if (process.argv[2] === 'exits') {
  inChild();
} else {
  main();
}
