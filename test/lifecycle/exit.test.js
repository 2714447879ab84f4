// SPDX-License-Identifier: MIT
// How a process with pools ends.

const assert = require('node:assert/strict');
const { after, before, describe, test } = require('node:test');
const { startPostgres } = require('../support/index.js');
const {
  assertEnd,
  assertNoClients,
  chooseSeed,
  countFromEnv,
  randomFrom,
  reach,
  runProgram,
  runtimes,
} = require('./support.js');

const ROUNDS = countFromEnv('HF_LIFECYCLE_ROUNDS', 25);

// Connecting and the first queries happen within this time, so that random
// moments in it meet the process in every state.
const BUSY_FOR_MS = 80;

/** @type {{name: string, options: object}[]} */
const servers = [
  { name: 'without TLS', options: { auth: 'trust' } },
  {
    name: 'with TLS and SCRAM',
    options: { tls: true, requireTls: true, auth: 'scram-sha-256' },
  },
];

/** @param {string} node @param {() => any} server */
function naturalEnds(node, server) {
  /** @param {string} scenario */
  const run = (scenario) =>
    runProgram(node, 'main.js', { scenario, ...reach(server()) });

  test('a pool nobody used lets the process end', async () => {
    const end = await run('untouched');
    assertEnd(end, {});
    assert.equal(end.stdout, 'made\n');
  });

  test('idle connections let the process end', async () => {
    const end = await run('idle');
    assertEnd(end, {});
    assert.equal(end.stdout, 'queried\n');
  });

  test('a query in flight keeps the process until its answer', async () => {
    const end = await run('running');
    assertEnd(end, {});
    assert.equal(end.stdout, 'answer 7\n');
  });

  test('a query may be sent when nothing else is left to do', async () => {
    const end = await run('beforeExit');
    assertEnd(end, {});
    assert.equal(end.stdout, 'answer 8\n');
  });

  test('a held lease keeps the process until its release', async () => {
    const end = await run('leased');
    assertEnd(end, {});
    assert.equal(end.stdout, 'answer 9\n');
  });

  test('an ended pool lets the process end', async () => {
    const end = await run('ended');
    assertEnd(end, {});
    assert.equal(end.stdout, 'ended\n');
  });
}

/** @param {string} node @param {() => any} server */
function suddenEnds(node, server) {
  const title = `process.exit keeps its code at ${ROUNDS} random moments`;
  test(title, async (t) => {
    const seed = chooseSeed();
    const random = randomFrom(seed);
    t.diagnostic(`HF_SEED=${seed}`);
    for (let round = 0; round < ROUNDS; round += 1) {
      const code = 1 + (round % 100);
      const afterMillis = Math.floor(random() * BUSY_FOR_MS);
      const job = { scenario: 'exit', code, afterMillis, ...reach(server()) };
      const end = await runProgram(node, 'main.js', job);
      assertEnd(end, { code }, `seed ${seed}, round ${round}`);
    }
  });

  /** @type {[string, object, {code?: number | null, signal?: string}][]} */
  const cases = [
    [
      'process.exit keeps its code in the tick of the first call',
      { scenario: 'exitAtOnce', code: 5 },
      { code: 5 },
    ],
    [
      'an uncaught exception ends the process with code 1',
      { scenario: 'throw', afterMillis: 30 },
      { code: 1 },
    ],
    [
      'an unhandled rejection ends the process with code 1',
      { scenario: 'reject', afterMillis: 30 },
      { code: 1 },
    ],
    [
      'SIGTERM ends the process as it does any other',
      { scenario: 'signal', signal: 'SIGTERM', afterMillis: 30 },
      { code: null, signal: 'SIGTERM' },
    ],
  ];
  for (const [name, job, wanted] of cases) {
    test(name, async () => {
      const all = { ...job, ...reach(server()) };
      assertEnd(await runProgram(node, 'main.js', all), wanted);
    });
  }
}

for (const runtime of runtimes()) {
  for (const { name, options } of servers) {
    describe(`on ${runtime.name}, ${name}`, () => {
      /** @type {any} */
      let server;
      before(async () => {
        server = await startPostgres(options);
      });
      after(() => server.stop());

      naturalEnds(runtime.file, () => server);
      suddenEnds(runtime.file, () => server);

      test('no connection is left on the server', () =>
        assertNoClients(server));
    });
  }
}
