// SPDX-License-Identifier: MIT
'use strict';

// The guides' and the reference's examples, run as they stand: where one has
// console.log(…); // value, that is what it writes. What needs the packages of
// a framework is run by test/apps/start.test.js and runners.test.js.

process.env.NODE_ENV = 'test'; // no lines of the log

const assert = require('node:assert');
const fs = require('node:fs');
const { createRequire } = require('node:module');
const os = require('node:os');
const path = require('node:path');
const { after, test } = require('node:test');
const { inspect } = require('node:util');

const holdfast = require('../../lib/index.js');
const { blocksOf } = require('../docs/markdown.js');
const { before, useServer } = require('../support/suite.js');

const GUIDES = [
  ...['start', 'supabase', 'neon', 'rds', 'replicas', 'testing', 'docker'],
  'postgres-js',
];
const REFERENCE = ['pool', 'client', 'result', 'errors', 'events', 'helpers'];
/** test/apps/start.test.js and runners.test.js have these. */
const NEEDS_A_FRAMEWORK = /\bfrom 'vitest'|\bafterAll\(|@nestjs|Response\.json/;

const SCHEMA = `
  create table users (id serial primary key, name text not null);
  create table accounts (id int primary key, n int not null);
  create role app login password 'token';
  create role authenticated;`;

/** What each example finds. */
const ROWS = `
  truncate users, accounts restart identity;
  insert into users (name) values ('Ada');
  insert into accounts values (1, 100), (2, 100)`;

const server = useServer({ tls: { hosts: ['localhost'] } });
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'holdfast-docs-'));

/** @param {string} user @param {string} password */
function urlOf(user, password) {
  const url = new URL(server.url);
  Object.assign(url, { username: user, password, hostname: 'localhost' });
  url.search = '';
  return url;
}

before(async () => {
  await server.psql(SCHEMA);
  await server.psql('create database app owner app');
  const { username, password } = new URL(server.url);
  const url = urlOf(username, password);
  process.env.DATABASE_URL = String(url);
  process.env.DATABASE_REPLICA_URL = String(url);
  process.env.DIRECT_URL = String(url);
  Object.assign(process.env, { DB_HOST: 'localhost', DB_PORT: url.port });
  const ca = path.join(folder, 'global-bundle.pem');
  fs.copyFileSync(String(server.caFile), ca);
  process.chdir(folder); // for the files that examples read
});
after(() => {
  process.chdir(os.tmpdir());
  fs.rmSync(folder, { recursive: true, force: true });
});

/** What an example imports besides this package and Node's modules. */
const OTHERS = {
  '@aws-sdk/rds-signer': {
    Signer: class {
      /** A token is a password. */
      getAuthToken() {
        return Promise.resolve('token');
      }
    },
  },
};

const requireHere = createRequire(__filename);

/** @param {string} name */
function load(name) {
  if (name === 'pg-holdfast') {
    return holdfast;
  }
  return Object.hasOwn(OTHERS, name)
    ? OTHERS[/** @type {keyof OTHERS} */ (name)]
    : requireHere(name);
}

/**
 * The statements of a module, with its imports as calls of load().
 *
 * @param {string} code
 */
function withoutModules(code) {
  return code
    .replaceAll(
      /^import (\{[^}]*\}) from ('[^']+');$/gm,
      'const $1 = load($2);',
    )
    .replaceAll(/^import (\w+) from ('[^']+');$/gm, 'const $1 = load($2);')
    .replaceAll(/^export (?=const|async|function)/gm, '')
    .replaceAll(/\brequire\(/g, 'load(');
}

/** @param {string} code @param {string[]} written */
async function run(code, written) {
  const console = {
    /** @param {unknown[]} values */
    log: (...values) => written.push(values.map((v) => inspect(v)).join(' ')),
  };
  // What an example declares by itself hides these.
  const names = { ...holdfast, load, console, pool: holdfast.getPool() };
  await new Function(
    ...Object.keys(names),
    `return (async () => { ${withoutModules(code)} })()`,
  )(...Object.values(names));
}

/** @param {string} text */
const withoutSpace = (text) => text.replaceAll(/\s+/g, '');

const PAGES = [
  ...GUIDES.map((name) => `docs/${name}.md`),
  ...REFERENCE.map((name) => `docs/reference/${name}.md`),
];
for (const page of PAGES) {
  const blocks = blocksOf(page).filter(({ language }) => language === 'js');
  for (const { code, line, fragment } of blocks) {
    if (fragment || NEEDS_A_FRAMEWORK.test(code)) {
      continue;
    }
    const name = `the example in ${page}, line ${line}`;
    test(name, { timeout: 60_000 }, async () => {
      /** @type {string[]} */
      const written = [];
      const expected = [...code.matchAll(/console\.log\(.*\)+; \/\/ (.*)/g)];
      await holdfast.getPool().query(ROWS);
      await run(code, written);
      assert.deepStrictEqual(
        written.map(withoutSpace),
        expected.map(([, value]) => withoutSpace(value)),
      );
    });
  }
}
