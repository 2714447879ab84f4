// SPDX-License-Identifier: MIT
// Prisma 7 and 6.19 on our adapter, beside Prisma's own.

const fs = require('node:fs');
const path = require('node:path');
const { after, before, test } = require('node:test');
const { prepareApp } = require('./support/app.js');
const { startPooled } = require('./support/servers.js');

const FOLDER = path.join(__dirname, 'prisma');
const SCHEMA = fs.readFileSync(path.join(FOLDER, 'schema.sql'), 'utf8');

/** @type {import('./support/servers.js').Pooled} */
let servers;
/** @type {NodeJS.ProcessEnv} */
let env;

before(async () => {
  servers = await startPooled({ schema: SCHEMA });
  env = {
    NODE_ENV: 'test',
    TEST_DIRECT_URL: servers.directUrl,
    TEST_POOLED_URL: servers.url,
    TEST_SUPPORT: path.join(__dirname, '..', 'support', 'index.js'),
    // Prisma's tools require an engine to exist, which none of these starts.
    PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
    PRISMA_HIDE_UPDATE_MESSAGE: '1',
    CHECKPOINT_DISABLE: '1',
  };
});
after(() => servers?.stop());

/** @param {string} folder */
async function prepare(folder) {
  const app = await prepareApp(folder);
  const cli = path.join(app.folder, 'node_modules/prisma/build/index.js');
  await app.run(process.execPath, [cli, 'generate'], { env });
  return app;
}

/**
 * @param {import('./support/app.js').App} app
 * @param {string} file
 */
function runTests(app, file) {
  const args = ['--test', '--test-reporter=spec', file];
  return app.run(process.execPath, args, { env });
}

/** @type {import('./support/app.js').App} */
let app;

test('Prisma 7 installs and generates its client', async () => {
  app = await prepare(FOLDER);
});

for (const [what, file] of Object.entries({
  'values of every type are as on adapter-pg, or right where it is wrong':
    'types.js',
  'relations and nested writes are as on adapter-pg': 'relations.js',
  'transactions of every kind work': 'transactions.js',
  "the server's errors have Prisma's codes and facts": 'errors.js',
  'broken connections have codes and tell the truth': 'faults.js',
  'a server that restarts, crashes or starts is waited for, or told of':
    'outages.js',
  'through PgBouncer in transaction mode nothing fails': 'pooler.js',
})) {
  test(what, () => runTests(app, file));
}

test('Prisma takes the adapter by its types', async () => {
  const tsc = path.join(app.folder, 'node_modules/typescript/bin/tsc');
  await app.run(process.execPath, [tsc, '-p', '.']);
});

test('Prisma 6.19 works without its engine', async () => {
  const older = await prepare(path.join(__dirname, 'prisma6'));
  await runTests(older, 'all.js');
});
