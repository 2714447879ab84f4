// SPDX-License-Identifier: MIT
// Every block of code in the README, run unchanged: with the packed packages,
// with Prisma, Nest and pg as published, through PgBouncer in transaction mode.
// Blocks that are not run have tests whose names say so.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { after, before, test } = require('node:test');
const { blocksOf } = require('../docs/markdown.js');
const { prepareApp } = require('./support/app.js');
const { ROOT, findTarballs } = require('./support/packed.js');
const { startPooled } = require('./support/servers.js');

const FOLDER = path.join(__dirname, 'readme');
const BLOCKS = blocksOf('README.md');
/** The amount that the README moves from one account to the other. */
const MOVED = 5;
const ROUNDS = 2;

/** @type {Set<import('../docs/markdown.js').Block>} */
const taken = new Set();
/** @type {import('./support/servers.js').Pooled} */
let servers;
/** Prisma's application. @type {import('./support/app.js').App} */
let app;
/** @type {string} */
let scratch;

/** @param {string} name */
function own(name) {
  return fs.readFileSync(path.join(FOLDER, name), 'utf8');
}

/** @param {string} heading @param {string} language @returns {string[]} */
function take(heading, language) {
  const found = BLOCKS.filter(
    (block) => block.heading === heading && block.language === language,
  );
  assert.ok(found.length > 0, `${heading}: no ${language}`);
  for (const block of found) {
    taken.add(block);
  }
  return found.map(({ code }) => code);
}

function filesForPrisma() {
  const [pool, helpers] = take('With `pool.query`', 'js');
  const [config, route] = take('With Next.js', 'ts');
  /** @type {Record<string, string>} */
  const files = {
    'prisma.ts': take('With Prisma', 'ts').join('\n'),
    'pool.mjs': pool,
    'helpers.mjs': helpers,
    'next.config.ts': config,
    'route.ts': route,
  };
  for (const name of [
    'prisma.config.mjs',
    'run.mjs',
    'schema.prisma',
    'tsconfig.json',
  ]) {
    files[name] = own(name);
  }
  return Object.fromEntries(
    Object.entries(files).map(([name, text]) => [`readme/${name}`, text]),
  );
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
  scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'holdfast-readme-'));
  [app, servers] = await Promise.all([
    prepareApp(path.join(__dirname, 'prisma'), {
      extraFiles: filesForPrisma(),
    }),
    startPooled({ schema: own('schema.sql') }),
  ]);
});
after(() => {
  fs.rmSync(scratch, { recursive: true, force: true });
});

/** @param {string} text */
async function ask(text) {
  const { rows } = await servers.admin.query({ text, rowMode: 'array' });
  return rows;
}

/** Runs a module once; the process stays. @param {string} file */
async function runOnce(file) {
  const args = ['readme/run.mjs', file];
  const child = app.start('node', args, { env: environment() });
  await child.waitFor(/round 1 is done/);
  return child;
}

/**
 * Runs a module twice in one process; in between every connection breaks.
 *
 * @param {string} file
 */
async function runTwice(file) {
  const child = await runOnce(file);
  await servers.restart(true);
  child.signal('SIGUSR2');
  await child.waitFor(/round 2 is done/);
  await child.stop();
}

test('Prisma generates the client that the README imports', async () => {
  const cli = path.join(app.folder, 'node_modules/prisma/build/index.js');
  const config = ['--config', 'readme/prisma.config.mjs'];
  await app.run('node', [cli, 'generate', ...config], { env: environment() });
});

test("TypeScript takes the README's code, strictly", async () => {
  const tsc = path.join(app.folder, 'node_modules/typescript/bin/tsc');
  await app.run('node', [tsc, '-p', 'readme']);
});

test("Prisma's lines run, and again when every connection was cut", async () => {
  const compiled = path.join(app.folder, 'readme/out/prisma.js');
  const code = fs.readFileSync(compiled, 'utf8');
  // A bundler adds the file extension, Node.js does not.
  const specifier = "'./generated/prisma/client'";
  assert.ok(code.includes(specifier));
  const found = "'../generated/prisma/client.js'";
  fs.writeFileSync(compiled, code.replace(specifier, found));
  await runTwice('readme/out/prisma.js');
  assert.deepEqual(
    await ask("select count(*)::int from users where name = 'Ada'"),
    [[ROUNDS]],
  );
  assert.deepEqual(await ask('select n from accounts order by id'), [
    [100 - ROUNDS * MOVED],
    [100 + ROUNDS * MOVED],
  ]);
});

test("pool.query's lines run, and again when every connection was cut", async () => {
  await servers.admin.query('update accounts set n = 100');
  await runTwice('readme/pool.mjs');
  assert.deepEqual(await ask('select n from accounts order by id'), [
    [100 - ROUNDS * MOVED],
    [100 + ROUNDS * MOVED],
  ]);
});

test('an idle pool lets the process end by itself', async () => {
  await app.run('node', ['readme/pool.mjs'], {
    env: environment(),
    timeoutMillis: 30_000,
  });
});

test("the helper runs around pg's own pool", async () => {
  const child = await runOnce('readme/helpers.mjs');
  await child.stop();
});

test("Next.js' configuration has our packages (next.test.js builds with it)", async () => {
  const script =
    "import config from './readme/out/next.config.js';" +
    'console.log(JSON.stringify(config))';
  const args = ['--input-type=module', '--eval', script];
  const { stdout } = await app.run('node', args);
  const config = JSON.parse(stdout);
  assert.equal(config.output, 'standalone');
  assert.ok(config.serverExternalPackages.includes('pg-holdfast'));
});

test('the health route answers with the truth', async () => {
  const script =
    "import { GET } from './readme/out/route.js';" +
    "import { getPool } from 'pg-holdfast';" +
    "await getPool().query('select 1');" +
    "const answer = await GET(new Request('http://localhost/api/health'));" +
    'console.log(answer.status, (await answer.json()).status)';
  const { stdout } = await app.run(
    'node',
    ['--input-type=module', '--eval', script],
    { env: environment() },
  );
  assert.equal(stdout.trim(), '200 up');
});

test("Nest's module compiles, starts, and serves queries", async () => {
  const [block] = take('With NestJS', 'ts');
  const nest = await prepareApp('examples/nest', {
    extraFiles: {
      'src/readme.module.ts': block,
      'src/readme.ts': own('nest.ts'),
    },
  });
  await nest.run('tsc', [], { timeoutMillis: 120_000 });
  const { stdout } = await nest.run('node', ['dist/readme.js'], {
    env: environment(),
  });
  assert.match(stdout, /found Grace\nsum 200\n/);
  nest.release();
});

test('the doctor says what DATABASE_URL leads to', async () => {
  const [command] = take('What is this `DATABASE_URL`?', 'sh');
  const { code, stdout } = await app.run('/bin/sh', ['-c', command], {
    env: environment(),
    mayFail: true,
  });
  assert.ok(code === 0 || code === 1, `${code}: ${stdout}`);
  assert.match(stdout, /transaction mode \(PgBouncer/);
  assert.match(stdout, /42P05/);
});

test('npm installs the tarballs as it says', async () => {
  const [, command] = take('Install', 'sh');
  const dist = path.join(scratch, 'holdfast/dist');
  const target = path.join(scratch, 'application');
  fs.mkdirSync(dist, { recursive: true });
  fs.mkdirSync(target);
  for (const tarball of await findTarballs()) {
    fs.copyFileSync(tarball, path.join(dist, path.basename(tarball)));
  }
  fs.writeFileSync(path.join(target, 'package.json'), '{"private": true}');
  await app.run('/bin/sh', ['-c', command], {
    cwd: target,
    env: { npm_config_offline: 'true', npm_config_audit: 'false' },
  });
  const script =
    "const { getPool } = require('pg-holdfast');" +
    "getPool().query('select 7 as n').then(({rows}) => console.log(rows[0].n))";
  const { stdout } = await app.run('node', ['--eval', script], {
    cwd: target,
    env: environment(),
  });
  assert.equal(stdout.trim(), '7');
});

test('not run: npm install pg-holdfast, as it is not in the registry', () => {
  const [, , command] = take('Install', 'sh');
  assert.equal(command, 'npm install pg-holdfast\n');
});

test('not run here: npm run release, a stage of .ci/run before this', () => {
  const [command] = take('Install', 'sh');
  assert.match(command, /^npm ci\nnpm run release -- linux-x64\b/);
  const stages = fs.readFileSync(path.join(ROOT, '.ci/run'), 'utf8');
  assert.match(
    stages,
    /^beside release .*npm run --silent release [\s\S]*^joined release\n[\s\S]*^stage apps /m,
  );
});

test('not run here: the demo and the tests, stages of .ci/run', () => {
  const [commands] = take('See it', 'sh');
  const stages = fs.readFileSync(path.join(ROOT, '.ci/run'), 'utf8');
  for (const command of ['npm run demo', 'npm test']) {
    assert.ok(commands.includes(`\n${command} `), command);
    const stage = command.replace('npm run', 'npm run --silent');
    assert.match(stages, new RegExp(`^stage \\w+ \\d+ ${stage}\\b`, 'm'));
  }
});

test('no block of the README is left out', () => {
  const left = BLOCKS.filter((block) => !taken.has(block));
  assert.deepEqual(left, []);
});
