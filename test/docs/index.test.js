// SPDX-License-Identifier: MIT
'use strict';

// docs/README.md: what people ask is one click away, and every page is there.

const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');

const { ROOT, pages, read } = require('./markdown.js');

const INDEX = 'docs/README.md';

/**
 * What newcomers did not find within a minute, a word of the line that they
 * look for in the index, where it leads, and a word of the answer.
 *
 * @type {[question: string, word: RegExp, link: string, answer: RegExp][]}
 */
const QUESTIONS = [
  [
    'schema per tenant',
    /schema for each tenant/,
    'sessions.md#a-schema-for-each-tenant',
    /search_path/,
  ],
  ['read replicas', /replicas/, 'replicas.md', /two pools/],
  ['Neon', /Neon/, 'neon.md', /-pooler/],
  ['RDS', /RDS/, 'rds.md', /global-bundle\.pem/],
  ['IAM', /IAM/, 'rds.md#with-an-iam-token', /Signer/],
  ['postgres.js', /postgres\.js/, 'postgres-js.md', /sql\.list/],
  ['Jest', /Jest/, 'testing.md#jest', /afterAll/],
  ['Alpine', /Alpine/, 'docker.md', /node:22-alpine/],
  ['streaming', /does not fit in memory/, 'streams.md', /pool\.stream/],
  [
    'Prisma in Nest',
    /Prisma in NestJS/,
    'prisma-nest.md',
    /extends PrismaClient/,
  ],
  [
    'identity of getPool',
    /getPool gives the same pool/,
    'options.md#whose-pool-it-is',
    /one pool per process/,
  ],
];
if (fs.existsSync(path.join(ROOT, 'docs/copy.md'))) {
  QUESTIONS.push(['COPY', /COPY/, 'copy.md', /COPY/]);
}

/** @returns {{text: string, links: string[]}[]} */
function lines() {
  return read(INDEX)
    .split('\n')
    .map((text) => ({
      text,
      links: [...text.matchAll(/\]\(([^)]+)\)/g)].map(([, link]) => link),
    }));
}

/** @param {string} heading */
function slug(heading) {
  return heading
    .toLowerCase()
    .replace(/[^\w\s-]/g, '')
    .replace(/\s/g, '-');
}

/** The part of a page that an anchor leads to. @param {string} link */
function partOf(link) {
  const [file, anchor] = link.split('#');
  const text = read(path.join('docs', file));
  if (anchor === undefined) {
    return text;
  }
  const found = text
    .split(/^(?=#+ )/m)
    .find((part) => slug(/^#+ (.*)$/m.exec(part)?.[1] ?? '') === anchor);
  assert.ok(found, link);
  return found;
}

for (const [question, word, link, answer] of QUESTIONS) {
  test(`the index answers in one click: ${question}`, () => {
    const line = lines().find(
      ({ text, links }) => word.test(text) && links.includes(link),
    );
    assert.ok(line, `${word} → ${link}`);
    assert.match(partOf(link), answer);
  });
}

test('the README leads to the index', () => {
  assert.match(read('README.md'), /\]\(docs\/README\.md\)/);
});

test('every page is one click from the index', () => {
  const links = lines().flatMap(({ links: all }) =>
    all.map((link) => path.join('docs', link.split('#')[0])),
  );
  const missing = pages()
    .filter((page) => page.startsWith('docs/') && page !== INDEX)
    .filter((page) => !links.includes(page));
  assert.deepStrictEqual(missing, []);
});
