// SPDX-License-Identifier: MIT
// The guides' examples that are complete by themselves, run unchanged with the
// packed packages, through PgBouncer in transaction mode. For the others,
// test/docs checks that they can be parsed and that what they import exists.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { before, test } = require('node:test');
const ts = require('typescript');
const { blocksOf } = require('../docs/markdown.js');
const { prepareApp } = require('./support/app.js');
const { startPooled } = require('./support/servers.js');

const FOLDER = path.join(__dirname, 'guides');
const SECRET = 'a secret of more than 16 characters';

/** @type {import('./support/servers.js').Pooled} */
let servers;
/** @type {import('./support/app.js').App} */
let app;

/** @param {string} name */
function own(name) {
  return fs.readFileSync(path.join(FOLDER, name), 'utf8');
}

before(async () => {
  const names = ['prisma.config.mjs', 'schema.prisma'];
  [app, servers] = await Promise.all([
    prepareApp(path.join(__dirname, 'prisma'), {
      extraFiles: Object.fromEntries(
        names.map((name) => [`guides/${name}`, own(name)]),
      ),
    }),
    startPooled({ schema: own('schema.sql') }),
  ]);
});

/**
 * @param {string} page
 * @param {RegExp} pattern in its code
 */
function find(page, pattern) {
  const block = blocksOf(page).find(({ code }) => pattern.test(code));
  assert.ok(block, `${page}: ${pattern}`);
  return block;
}

function environment() {
  return {
    DATABASE_URL: servers.url,
    NEXT_RUNTIME: 'nodejs',
    RESET_SECRET: SECRET,
    // Prisma's tools require an engine to exist, which none of these starts.
    PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
    PRISMA_HIDE_UPDATE_MESSAGE: '1',
    CHECKPOINT_DISABLE: '1',
  };
}

/**
 * Runs a block, followed by lines that inspect what it made.
 *
 * @param {import('../docs/markdown.js').Block} block
 * @param {string} lines
 * @returns {Promise<string>} what it wrote
 */
async function run({ code, language }, lines) {
  const required = /\brequire\(/.test(code);
  let text = `${code}\n${lines}\n`;
  if (language === 'ts') {
    text = ts.transpileModule(text, {
      compilerOptions: {
        target: ts.ScriptTarget.ES2022,
        module: ts.ModuleKind.ES2022,
      },
    }).outputText;
    // A bundler adds the file extension, Node.js does not.
    const client = './generated/prisma/client';
    text = text.replace(`'${client}'`, `'${client}.js'`);
  } else if (required) {
    text = `(async () => {${text}})();`;
  }
  const file = path.join('guides', required ? 'block.cjs' : 'block.mjs');
  fs.writeFileSync(path.join(app.folder, file), text);
  const { stdout } = await app.run('node', [file], { env: environment() });
  return stdout.trim();
}

test("Prisma's adapter, as its guide begins", async () => {
  const cli = path.join(app.folder, 'node_modules/prisma/build/index.js');
  const config = ['--config', 'guides/prisma.config.mjs'];
  await app.run('node', [cli, 'generate', ...config], { env: environment() });
  const block = find('docs/prisma.md', /new PrismaHoldfast\(\)/);
  const said = await run(block, 'console.log(JSON.stringify(users));');
  const [user] = JSON.parse(said);
  assert.equal(user.name, 'Grace');
  assert.equal(user.posts[0].title, 'Nanoseconds');
});

test("Next.js' warm-up opens connections", async () => {
  const block = find('docs/next.md', /export async function register/);
  const said = await run(
    block,
    "const { getPool } = await import('pg-holdfast');" +
      'await register(); console.log(getPool().totalCount);',
  );
  assert.ok(Number(said) >= 1, said);
});

test("Next.js' route resets for who has the secret alone", async () => {
  const block = find('docs/next.md', /resetRoute\(\{ secret/);
  const said = await run(
    block,
    "const url = 'http://localhost/api/debug/reset-db';" +
      'const ask = (secret) => POST(new Request(url, {' +
      "  method: 'POST', headers: { authorization: 'Bearer ' + secret } }));" +
      "const { getPool } = await import('pg-holdfast');" +
      "await getPool().query('select 1');" +
      "console.log((await ask('wrong')).status);" +
      'console.log((await ask(process.env.RESET_SECRET)).status);',
  );
  assert.equal(said, '404\n200');
});

test('warm-up resolves with what it did', async () => {
  const block = find('docs/warmup.md', /await warmup\(\)/);
  assert.equal(await run(block, 'console.log(ok, error);'), 'true undefined');
});

test('the pool with a fallback is ours where there is a binary', async () => {
  const block = find('docs/platforms.md', /fallback: 'pg'/);
  assert.equal(await run(block, 'console.log(rows[0].one);'), '1');
});

test('the pool for query builders needs no options', async () => {
  const block = find('docs/drop-in.md', /new Pool\(\)/);
  const lines =
    "const { rows } = await pool.query('select 2 as two');" +
    'console.log(rows[0].two);';
  assert.equal(await run(block, lines), '2');
});

test('shutdown hooks end the pool when nothing is left to do', async () => {
  const block = find('docs/shutdown.md', /installShutdownHooks\(\)/);
  const lines =
    "const pool = require('pg-holdfast').getPool();" +
    "await pool.query('select 1');" +
    "process.on('exit', () => console.log(pool.ended));";
  assert.equal(await run(block, lines), 'true');
});
