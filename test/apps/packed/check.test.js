// SPDX-License-Identifier: MIT
// Runs inside the bare root, with only what the packages contain.

const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');
const { Worker } = require('node:worker_threads');
const holdfast = require('pg-holdfast');

const { Pool, retryQuery, versions } = holdfast;
const { TEST_URL = '', TEST_OTHER_HOST_URL = '', TEST_CA = '' } = process.env;
const CA = fs.readFileSync(path.join(__dirname, 'ca.crt'), 'utf8');
const VERIFIED = `${TEST_URL}?sslmode=verify-full&sslrootcert=${TEST_CA}`;

/** @param {any} options @param {(pool: any) => Promise<void>} fn */
async function withPool(options, fn) {
  const pool = new Pool({ max: 2, logger: false, ...options });
  try {
    await fn(pool);
  } finally {
    await pool.end();
  }
}

/** @param {any} options @returns {Promise<any>} */
async function refusal(options) {
  /** @type {any} */
  let error;
  await withPool({ deadlineMillis: 3000, ...options }, async (pool) => {
    error = await pool.query('select 1').then(assert.fail, (e) => e);
  });
  return error;
}

test('nothing here could have built or linked it', () => {
  for (const program of ['cc', 'gcc', 'make', 'python3', 'pg_config']) {
    const { error } = spawnSync(program, ['--version']);
    assert.equal(/** @type {any} */ (error)?.code, 'ENOENT', program);
  }
  const libraries = ['/lib', '/usr/lib']
    .flatMap((folder) => fs.readdirSync(folder, { recursive: true }))
    .filter((name) => /lib(pq|ssl|crypto)\b/.test(String(name)))
    .filter((name) => !String(name).includes('node_modules'));
  assert.deepEqual(libraries, []);
});

test('it says what it is made of', () => {
  assert.equal(typeof versions.holdfast, 'string');
  if (process.env.TEST_RELEASE) {
    assert.match(String(versions.libpq), /^17\./);
    assert.match(String(versions.openssl), /^(OpenSSL )?3\.5\./);
  }
});

test('import and require give the same', async () => {
  const imported = await import('pg-holdfast');
  assert.equal(imported.Pool, Pool);
  assert.equal(imported.default, holdfast);
});

test('TLS is verified, with SCRAM bound to the channel', async () => {
  const connectionString = `${VERIFIED}&channel_binding=require`;
  await withPool({ connectionString }, async (pool) => {
    const { rows } = await pool.query(
      'select ssl, version from pg_stat_ssl where pid = pg_backend_pid()',
    );
    assert.deepEqual(rows, [{ ssl: true, version: 'TLSv1.3' }]);
    assert.equal((await pool.health()).status, 'up');
  });
});

test('an authority given as text serves as well', async () => {
  const connectionString = TEST_URL;
  await withPool({ connectionString, ssl: { ca: CA } }, async (pool) => {
    const { rows } = await pool.query('select $1::int + 1 as sum', [41]);
    assert.deepEqual(rows, [{ sum: 42 }]);
  });
});

test('a certificate of nobody known is refused', async () => {
  const error = await refusal({ connectionString: TEST_URL, ssl: true });
  assert.equal(error.outcome, 'permanent');
  assert.match(`${error.message} ${error.cause?.message}`, /certificate/i);
});

test('a certificate for another host is refused', async () => {
  const connectionString = TEST_OTHER_HOST_URL;
  const error = await refusal({ connectionString, ssl: { ca: CA } });
  assert.equal(error.outcome, 'permanent');
  assert.match(
    `${error.message} ${error.cause?.message}`,
    /certificate|host ?name/i,
  );
});

test('a wrong password is refused', async () => {
  const url = new URL(TEST_URL);
  url.password = 'wrong';
  const connectionString = String(url);
  const error = await refusal({ connectionString, ssl: { ca: CA } });
  assert.equal(error.code, '28P01');
  assert.ok(!JSON.stringify(error).includes('wrong@'));
});

test('worker threads share the engine, and may be ended at work', async () => {
  const program = `
    const { parentPort, workerData } = require('node:worker_threads');
    const { getPool } = require('pg-holdfast');
    const pool = getPool({ connectionString: workerData, max: 4 });
    pool.query('select 7 as n').then(({ rows }) => {
      parentPort.postMessage(rows[0].n);
      return pool.query('select pg_sleep(5)');
    });`;
  const workers = Array.from(
    { length: 4 },
    () => new Worker(program, { eval: true, workerData: VERIFIED }),
  );
  const answers = await Promise.all(
    workers.map(
      (worker) =>
        new Promise((resolve, reject) => {
          worker.once('message', resolve);
          worker.once('error', reject);
        }),
    ),
  );
  assert.deepEqual(answers, [7, 7, 7, 7]);
  await Promise.all(workers.map((worker) => worker.terminate()));
});

test('a process ends whole at any moment', () => {
  const program = `
    const { Pool } = require('pg-holdfast');
    const pool = new Pool({ connectionString: process.argv[1], max: 4 });
    for (let i = 0; i < 4; i++) pool.query('select 1').catch(() => {});
    setTimeout(() => process.exit(5), Number(process.argv[2]));`;
  for (let millis = 0; millis < 40; millis += 2) {
    const args = ['-e', program, VERIFIED, String(millis)];
    const { status, signal, stderr } = spawnSync(process.execPath, args);
    assert.equal(signal, null, String(stderr));
    assert.equal(status, 5, String(stderr));
  }
});

test('a process ends by itself once its pool is idle', () => {
  const program = `
    const { Pool } = require('pg-holdfast');
    new Pool({ connectionString: process.argv[1] })
      .query('select 1').then(() => console.log('done'));`;
  const args = ['-e', program, VERIFIED];
  const options = { timeout: 20_000 };
  const { status, stdout } = spawnSync(process.execPath, args, options);
  assert.equal(String(stdout), 'done\n');
  assert.equal(status, 0);
});

test('the helpers repeat', async () => {
  let calls = 0;
  const answer = await retryQuery(() => {
    calls += 1;
    if (calls === 1) {
      const lost = new Error('connect ECONNREFUSED 127.0.0.1:1');
      throw Object.assign(lost, { code: 'ECONNREFUSED', syscall: 'connect' });
    }
    return 'there';
  });
  assert.equal(answer, 'there');
  assert.equal(calls, 2);
});
