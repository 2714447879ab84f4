// SPDX-License-Identifier: MIT
// docs/start.md and docs/prisma-nest.md, typed in as they stand: with the
// packed packages, Prisma and Nest, through PgBouncer in transaction mode.
// test/js/docs-pages.test.js runs what needs no framework.

const assert = require('node:assert/strict');
const path = require('node:path');
const { before, test } = require('node:test');
const { blocksOf } = require('../docs/markdown.js');
const { eventually, freePort } = require('../support/index.js');
const { prepareApp } = require('./support/app.js');
const { send } = require('./support/http.js');
const { startPooled } = require('./support/servers.js');

const SCHEMA = `
  create table users (id serial primary key, name text not null);
  insert into users (name) values ('Ada');`;
const ADA = [{ id: 1, name: 'Ada' }];

/** @type {import('./support/servers.js').Pooled} */
let servers;
/** @type {import('./support/app.js').App} */
let app;

/**
 * The block of a page whose first line is a comment with this file's name.
 *
 * @param {string} page
 * @param {string} name
 */
function fileOf(page, name) {
  const found = blocksOf(page).find(({ code }) =>
    code.startsWith(`// ${name}`),
  );
  assert.ok(found, `${page}: ${name}`);
  return found.code;
}

/** @param {string} page @param {RegExp} pattern */
function blockOf(page, pattern) {
  const found = blocksOf(page).find(({ code }) => pattern.test(code));
  assert.ok(found, `${page}: ${pattern}`);
  return found.code;
}

/** Node.js wants the file extensions that a bundler adds. @param {string} code */
function withExtensions(code) {
  return code
    .replace(
      "'./generated/prisma/client'",
      "'../nest/generated/prisma/client.js'",
    )
    .replace("'./db'", "'./db.js'");
}

function files() {
  const schema = fileOf('docs/start.md', 'prisma/schema.prisma');
  const main = fileOf('docs/start.md', 'src/main.ts');
  return {
    'prisma/schema.prisma': schema.replace(
      '"../generated/prisma"',
      '"../src/nest/generated/prisma"',
    ),
    'prisma.config.ts': fileOf('docs/start.md', 'prisma.config.ts'),
    'src/start/app.module.ts': fileOf('docs/start.md', 'src/app.module.ts'),
    'src/start/main.ts': main,
    'src/next/next.config.ts': fileOf('docs/start.md', 'next.config.ts'),
    'src/next/route.ts': fileOf('docs/start.md', 'app/api/users/route.ts'),
    'src/prisma/db.ts': withExtensions(fileOf('docs/start.md', 'db.ts')),
    'src/prisma/run.ts': withExtensions(
      blockOf('docs/start.md', /^import \{ prisma \} from/),
    ),
    'src/nest/prisma.service.ts': fileOf(
      'docs/prisma-nest.md',
      'src/prisma.service.ts',
    ),
    'src/nest/app.module.ts': fileOf(
      'docs/prisma-nest.md',
      'src/app.module.ts',
    ),
    'src/nest/main.ts': main,
  };
}

function environment() {
  return {
    DATABASE_URL: servers.url,
    // Prisma's tools require an engine to exist, which none of these starts.
    PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
    PRISMA_HIDE_UPDATE_MESSAGE: '1',
    CHECKPOINT_DISABLE: '1',
  };
}

before(async () => {
  [app, servers] = await Promise.all([
    prepareApp(path.join(__dirname, 'start'), { extraFiles: files() }),
    startPooled({ schema: SCHEMA }),
  ]);
  const cli = path.join(app.folder, 'node_modules/prisma/build/index.js');
  await app.run('node', [cli, 'generate'], { env: environment() });
  await app.run('tsc', [], { timeoutMillis: 180_000 });
});

/** @param {string} lines @returns {Promise<string>} what it wrote */
async function evaluate(lines) {
  const args = ['--input-type=module', '--eval', lines];
  const { stdout } = await app.run('node', args, { env: environment() });
  return stdout.trim();
}

/** Starts an application of Nest and asks it once. @param {string} file */
async function askNest(file) {
  const port = await freePort();
  const nest = app.start('node', [file], {
    env: { ...environment(), PORT: String(port) },
  });
  await nest.waitFor(/successfully started/);
  // Which Nest says before it listens.
  /** @type {any} */
  let answer;
  await eventually(async () => {
    answer = await send(`http://127.0.0.1:${port}`, '/users').catch((error) => {
      assert.equal(error.code, 'ECONNREFUSED');
    });
    return answer !== undefined;
  });
  await nest.stop();
  return answer;
}

test('Prisma: the two files, and the first query', async () => {
  const { stdout } = await app.run('node', ['dist/prisma/run.js'], {
    env: environment(),
  });
  assert.match(stdout, /\[ \{ id: 1, name: 'Ada' \} \]/);
});

test('Next.js: the configuration, and a route that answers', async () => {
  const said = await evaluate(
    "const { default: config } = await import('./dist/next/next.config.js');" +
      "const { GET } = await import('./dist/next/route.js');" +
      'console.log(config.serverExternalPackages.includes("pg-holdfast"));' +
      'console.log(JSON.stringify(await (await GET()).json()));',
  );
  assert.equal(said, `true\n${JSON.stringify(ADA)}`);
});

test('NestJS: a controller that queries', async () => {
  const { status, body } = await askNest('dist/start/main.js');
  assert.equal(status, 200);
  assert.deepEqual(body, ADA);
});

test('Prisma in NestJS: a controller that queries', async () => {
  const { status, body } = await askNest('dist/nest/main.js');
  assert.equal(status, 200);
  assert.deepEqual(body, ADA);
});

test('no block of both pages is left out', () => {
  const taken = new Set(Object.values(files()));
  const ours = ['docs/start.md', 'docs/prisma-nest.md'].flatMap(blocksOf);
  const left = ours
    .filter(({ language }) => language === 'ts')
    .filter(({ code }) => !taken.has(code) && !taken.has(withExtensions(code)));
  assert.deepEqual(left, []);
});
