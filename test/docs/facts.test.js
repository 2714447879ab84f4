// SPDX-License-Identifier: MIT
'use strict';

// What guides say of versions, commands and names is so.

const assert = require('node:assert');
const { execFileSync } = require('node:child_process');
const path = require('node:path');
const { test } = require('node:test');

const { ROOT, pages, read, sectionOf } = require('./markdown.js');

/** @param {string} file @param {string[]} args */
function run(file, ...args) {
  const options = /** @type {const} */ ({ encoding: 'utf8' });
  return execFileSync(
    process.execPath,
    [path.join(ROOT, file), ...args],
    options,
  );
}

/** @param {string} text */
function firstCells(text) {
  return text
    .split('\n')
    .filter((line) => /^\| `/.test(line))
    .map((line) => line.split('|')[1]);
}

/** @param {string} text */
function quoted(text) {
  return [...text.matchAll(/`([^`]+)`/g)].map(([, word]) => word);
}

test('versions of query builders are those that are tested', () => {
  const { dependencies } = JSON.parse(read('test/apps/dropin/package.json'));
  /** @type {Record<string, string>} */
  const names = {
    Kysely: 'kysely',
    Drizzle: 'drizzle-orm',
    Knex: 'knex',
    TypeORM: 'typeorm',
    'Vercel Functions': '@vercel/functions',
  };
  const rows = [
    ...read('docs/drop-in.md').matchAll(/^\| (\w[\w ]*) ([\d.]+) \|/gm),
  ];
  assert.deepStrictEqual(
    rows.map(([, name]) => name),
    Object.keys(names),
  );
  for (const [, name, version] of rows) {
    assert.ok(`${dependencies[names[name]]}.`.startsWith(`${version}.`), name);
  }
});

test("Prisma's versions are those that are tested", () => {
  const guide = read('docs/prisma.md');
  const { dependencies } = JSON.parse(read('test/apps/prisma/package.json'));
  const [, theirs] = /adapter-pg (\d+\.\d+)/.exec(guide) ?? [];
  assert.ok(dependencies['@prisma/adapter-pg'].startsWith(`${theirs}.`));
  const older = JSON.parse(read('test/apps/prisma6/package.json'));
  const [, six] = /and (6\.\d+) with/.exec(guide) ?? [];
  assert.ok(older.dependencies['@prisma/client'].startsWith(`${six}.`));
});

/** @param {string} text @param {RegExp} pattern @returns {string[]} */
function all(text, pattern) {
  return [...text.matchAll(pattern)].map(([, version]) => version);
}

/** @param {string} version @returns {string} without what comes after the minor */
function minor(version) {
  return version.split('.').slice(0, 2).join('.');
}

test("the README's versions are those that are tested", () => {
  /** @param {string} folder @param {string} name */
  const version = (folder, name) =>
    minor(JSON.parse(read(`${folder}/package.json`)).dependencies[name]);
  const { TEST_SOURCES } = require('../../scripts/release/sources.js');
  const nodes = read('test/apps/packed.test.js').match(/LINES = .*/);
  const expected = {
    'Node.js': all(String(nodes), /\['(\d+)\./g),
    PostgreSQL: all(
      read('test/support/embedded-postgres.js'),
      /version: '(\d+)\./g,
    ),
    // Debian 12's, and the one that is built from its source.
    PgBouncer: ['1.18', minor(TEST_SOURCES.pgbouncer.version)],
    Prisma: [
      version('test/apps/prisma6', '@prisma/client'),
      version('test/apps/prisma', '@prisma/client'),
    ],
    'Next.js': [version('examples/next', 'next')],
    NestJS: [
      version('test/apps/nest11', '@nestjs/core'),
      version('examples/nest', '@nestjs/core'),
    ],
  };
  const rows = Object.fromEntries(
    [
      ...sectionOf('README.md', 'Versions').matchAll(
        /^\| (.*?) \| ([\d., ]+) \|$/gm,
      ),
    ].map(([, name, list]) => [name, list.split(', ')]),
  );
  assert.deepStrictEqual(rows, expected);
});

test('the comparison names the versions that are measured', () => {
  const { devDependencies } = JSON.parse(read('package.json'));
  const page = read('docs/comparison.md');
  for (const name of ['pg', 'postgres.js']) {
    const key = name.replace('.js', '');
    const [, found] = new RegExp(`\\b${name} (\\d+\\.\\d+)`).exec(page) ?? [];
    assert.strictEqual(found, minor(devDependencies[key]), name);
  }
  assert.ok(
    read('docs/postgres-js.md').includes(
      `| postgres.js ${minor(devDependencies.postgres)} |`,
    ),
  );
});

test("the pages import Prisma's client from one place", () => {
  for (const page of pages()) {
    const text = read(page);
    for (const [, from] of text.matchAll(/\{ PrismaClient \} from '(.*)'/g)) {
      assert.match(from, /^(\.|@)\/generated\/prisma\/client(\.js)?$/, page);
    }
  }
});

test('versions that a release links in are the pinned ones', () => {
  const { SOURCES } = require('../../scripts/release/sources.js');
  const guide = read('docs/release.md');
  for (const { version } of Object.values(SOURCES)) {
    assert.ok(guide.includes(version), version);
  }
});

test('the benchmark has the cases and drivers that its guide has', () => {
  const help = run('bench/main.js', '--help');
  for (const [option, heading] of [
    ['only', 'What is measured'],
    ['drivers', 'Who takes part'],
  ]) {
    const line = help.split('\n').find((one) => one.includes(`--${option}=`));
    const listed = line?.split(/: | {2,}/).at(-1) ?? '';
    const cells = firstCells(sectionOf('docs/bench.md', heading));
    assert.deepStrictEqual(
      cells.flatMap(quoted).sort(),
      listed.split(', ').sort(),
    );
  }
});

test('options of the commands are those of their guide', () => {
  const [doctor, bench] = read('docs/doctor.md').split('## How fast is it?');
  for (const [name, guide] of [
    ['doctor', doctor],
    ['bench', bench],
  ]) {
    const help = run('cli/main.js', name, '--help');
    const real = [...help.matchAll(/^ {2}(--[\w-]+)/gm)]
      .map(([, option]) => option)
      .filter((option) => option !== '--help');
    const told = firstCells(guide)
      .flatMap(quoted)
      .filter((word) => word.startsWith('--'))
      .map((word) => word.split(' ')[0]);
    assert.deepStrictEqual(told.sort(), real.sort(), name);
  }
});

test('channels are those that are published to', () => {
  const code =
    read('lib/observe/diagnostics.js') + read('lib/observe/retry-events.js');
  const traced = [...code.matchAll(/Trace\('([\w:]+)'/g)];
  const plain = [...code.matchAll(/\bchannel\('([\w:]+)'/g)];
  const section = sectionOf('docs/observability.md', 'Channels');
  const told = firstCells(section).flatMap(quoted);
  assert.deepStrictEqual(
    told.sort(),
    [
      ...traced.map(([, name]) => `tracing:${name}:…`),
      ...plain.map(([, name]) => name),
    ].sort(),
  );
});
