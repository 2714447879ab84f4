// SPDX-License-Identifier: MIT
// The packed packages in runtimes that imitate Node.js. They cannot run the
// addon: that is known before it is opened, and everything else works.

const assert = require('node:assert/strict');
const path = require('node:path');
const { test } = require('node:test');
const { fromRegistry } = require('./install/managers.js');
const { prepareApp } = require('./support/app.js');
const { linesToRun } = require('./support/line.js');
const { before, useServer } = require('../support/suite.js');

const SOURCE = path.join(__dirname, 'runtimes');

const RUNTIMES = [
  {
    title: 'Deno',
    package: '@deno/linux-x64-glibc',
    version: '2.9.6',
    program: 'deno',
    args: ['run', '--allow-all', '--node-modules-dir=manual'],
  },
  {
    title: 'Bun',
    package: '@oven/bun-linux-x64',
    version: '1.4.5',
    program: 'bin/bun',
    args: ['run'],
  },
];

const server = useServer();

/** @type {Awaited<ReturnType<typeof prepareApp>>} */
let app;

before(async () => {
  app = await prepareApp(SOURCE);
});

for (const line of linesToRun(RUNTIMES, ({ title }) => title)) {
  const name = `${line.title} ${line.version}`;
  test(`in ${name} the pool says it needs Node.js, and helpers and pg's pool work`, async () => {
    const folder = await fromRegistry(line.package, line.version);
    const program = path.join(folder, line.program);
    const { stdout } = await app.run(program, [...line.args, 'check.cjs'], {
      env: { TEST_URL: server.url, HOLDFAST_CORE: '' },
    });
    const text = stdout.split('\n').find((said) => said.startsWith('{'));
    const { native, health, ...rest } = JSON.parse(String(text));
    const sentence = new RegExp(
      `^pg-holdfast: ${name} cannot run the pool, .*: run this with node; ` +
        "the retry helpers and classify\\(\\) work here, .*fallback: 'pg'",
    );
    assert.equal(native.code, 'HF_NO_BINARY');
    assert.equal(native.outcome, 'permanent');
    assert.match(native.message, sentence);
    assert.match(health[0], sentence);
    assert.deepEqual(rest, {
      helpers: { calls: 3, two: 2 },
      warmup: true,
      fallback: 'up',
      judged: 'rolled_back',
      presets: true,
      byVariable: 2,
      same: true,
    });
  });
}
