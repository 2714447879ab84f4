// SPDX-License-Identifier: MIT
// The pool under query builders and ORMs that are written for pg.

const fs = require('node:fs');
const path = require('node:path');
const { after, before, test } = require('node:test');
const { prepareApp } = require('./support/app.js');
const { startPooled } = require('./support/servers.js');

const FOLDER = path.join(__dirname, 'dropin');
const SCHEMA = fs.readFileSync(path.join(FOLDER, 'schema.sql'), 'utf8');

/** @type {import('./support/app.js').App} */
let app;
/** @type {import('./support/servers.js').Pooled} */
let servers;

before(async () => {
  [app, servers] = await Promise.all([
    prepareApp(FOLDER),
    startPooled({ schema: SCHEMA }),
  ]);
});
after(() => servers?.stop());

for (const [name, file] of Object.entries({
  Kysely: 'kysely.js',
  Drizzle: 'drizzle.js',
  Knex: 'knex.js',
  TypeORM: 'typeorm.js',
  pgvector: 'vector.js',
  'attachDatabasePool of @vercel/functions': 'vercel.js',
})) {
  test(`${name} works on the pool as on pg's`, async () => {
    await app.run(process.execPath, ['--test', '--test-reporter=spec', file], {
      env: {
        TEST_DIRECT_URL: servers.directUrl,
        TEST_POOLED_URL: servers.url,
        NODE_ENV: 'test',
      },
    });
  });
}

test('all of them take the pool by its types', async () => {
  await app.run(path.join(app.folder, 'node_modules/.bin/tsc'), ['-p', '.']);
});
