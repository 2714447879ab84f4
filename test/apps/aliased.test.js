// SPDX-License-Identifier: MIT
// Libraries that require pg, or are given a pool of it. Each case runs on pg
// and on this package, and must see the same: by this package's packed form
// installed as pg (an alias or an override gives that), and beside pg for what
// takes a pool.
//
// All of it takes about two minutes on two cores, after an npm install. CI runs
// one line of each table; `HF_ALL=1 node --test test/apps/aliased.test.js` runs
// the whole tables.

const assert = require('node:assert');
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { after, before, describe, test } = require('node:test');
const { Client } = require('pg');
const { startPostgres } = require('../support/index.js');
const { prepareApp } = require('./support/app.js');

const FOLDER = path.join(__dirname, 'aliased');
const WHOLE = process.env.HF_ALL === '1' || process.env.CI === undefined;
const TIMEOUT_MILLIS = 120_000;

/** In CI only those, of which these are the packages. */
const IN_CI = ['sequelize', 'zapatos', '0.44'];
const PACKAGES_IN_CI = [
  ...['pg', 'sequelize', 'zapatos', 'drizzle-orm-0.44', '@opentelemetry/api'],
  ...['@opentelemetry/instrumentation-pg', '@opentelemetry/sdk-trace-node'],
];

const DRIZZLE = ['0.29', '0.33', '0.36', '0.39', '0.41', '0.44', '0.45'];

/** @type {import('./support/app.js').App} */
let app;
/** @type {import('../support/postgres.js').Server} */
let server;
/** @type {Client} */
let admin;
/** A copy of the application in which pg is this package. */
let aliased = '';

/** @param {string} folder @returns {string[]} names of the cases in it */
function casesIn(folder) {
  const names = fs
    .readdirSync(path.join(FOLDER, folder))
    .map((file) => path.basename(file, '.js'));
  return chosen(names);
}

/** @param {string[]} names */
function chosen(names) {
  return WHOLE ? names : names.filter((name) => IN_CI.includes(name));
}

/**
 * As npm leaves it for `"pg": "npm:pg-holdfast@…"` and `"overrides": {"pg":
 * "$pg"}`: this package stands where pg did. Files are linked, not copied.
 */
function makeAliased() {
  aliased = path.join(app.folder, 'aliased');
  const modules = path.join(aliased, 'node_modules');
  fs.mkdirSync(aliased, { recursive: true });
  fs.rmSync(modules, { recursive: true, force: true });
  execFileSync('cp', ['-al', path.join(app.folder, 'node_modules'), modules]);
  fs.rmSync(path.join(modules, 'pg'), { recursive: true });
  fs.renameSync(path.join(modules, 'pg-holdfast'), path.join(modules, 'pg'));
  for (const name of fs.readdirSync(FOLDER)) {
    fs.cpSync(path.join(FOLDER, name), path.join(aliased, name), {
      recursive: true,
    });
  }
}

let databases = 0;

/**
 * Runs a case on a database of its own.
 * @param {string} folder of the application
 * @param {string[]} args of run.js: the file, then what comes behind the URL
 * @returns {Promise<unknown>} what it saw
 */
async function see(folder, [file, ...more]) {
  databases += 1;
  const name = `case_${databases}`;
  await admin.query(`create database ${name}`);
  const url = new URL(server.url);
  url.pathname = `/${name}`;
  const args = [path.join(folder, 'run.js'), file, url.href, ...more];
  const { stdout } = await app.run('node', args, {
    cwd: folder,
    env: { NODE_ENV: 'test', PGAPPNAME: undefined },
    timeoutMillis: TIMEOUT_MILLIS,
  });
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
}

before(async () => {
  [app, server] = await Promise.all([
    prepareApp(FOLDER, {
      keep: ['aliased'],
      dependencies: WHOLE ? undefined : PACKAGES_IN_CI,
    }),
    startPostgres(),
  ]);
  admin = new Client(server.url);
  await admin.connect();
  makeAliased();
});
after(async () => {
  await admin?.end();
  await server?.stop();
});

describe('libraries that require pg give the same on this package as on pg', () => {
  for (const name of casesIn('libraries')) {
    test(`${name}, with this package as pg`, async () => {
      const file = `libraries/${name}.js`;
      const theirs = await see(app.folder, [file]);
      assert.deepStrictEqual(await see(aliased, [file]), theirs);
    });
  }
});

describe('libraries that take a pool give the same on ours, beside pg', () => {
  for (const name of casesIn('pools')) {
    test(`${name}, on this package's pool`, async () => {
      const file = `pools/${name}.js`;
      const theirs = await see(app.folder, [file, 'pg']);
      const ours = await see(app.folder, [file, 'pg-holdfast']);
      assert.deepStrictEqual(ours, theirs);
    });
  }
});

describe('Drizzle gives the same with this package as pg, and beside pg', () => {
  for (const version of chosen(DRIZZLE)) {
    test(`Drizzle ${version}`, async () => {
      const file = 'drizzle.js';
      const theirs = await see(app.folder, [file, 'pg', version]);
      const alias = await see(aliased, [file, 'pg', version]);
      const beside = await see(app.folder, [file, 'pg-holdfast', version]);
      assert.deepStrictEqual(alias, theirs);
      assert.deepStrictEqual(beside, theirs);
    });
  }
});

test('spans are those of the instrumentation of pg, and more attributes', async () => {
  const theirs = /** @type {any[]} */ (await see(app.folder, ['tracing.js']));
  const ours = /** @type {any[]} */ (
    await see(app.folder, ['tracing.js', 'pg-holdfast'])
  );
  const nameOf = (/** @type {any} */ { name, kind, failed }) => {
    // Each ran on a database of its own.
    return [name.replace(/case_\d+$/, 'db'), kind, failed];
  };
  assert.ok(theirs.length >= 7);
  assert.deepStrictEqual(ours.map(nameOf), theirs.map(nameOf));
  for (const [i, { name, attributes }] of theirs.entries()) {
    // How pg's pool is set up is said by metrics here.
    delete attributes['db.postgresql.idle.timeout.millis'];
    for (const [key, value] of Object.entries(attributes)) {
      const mine = ours[i].attributes[key];
      const same = /^db\.(name|connection_string)$/.test(key)
        ? typeof mine === typeof value
        : mine === value;
      assert.ok(same, `${key} of ${name}: ${mine}, not ${value}`);
    }
  }
});

test('the classes of this package under the name pg are its own', async () => {
  const script = `const pg = require('pg');
    if (require('pg/package.json').name !== 'pg-holdfast') throw new Error();
    if (!(new pg.Pool() instanceof pg.Pool)) throw new Error();
    import('pg').then((esm) => {
      if (esm.default !== pg || esm.Pool !== pg.Pool) throw new Error();
    });`;
  await app.run('node', ['-e', script], { cwd: aliased });
});
