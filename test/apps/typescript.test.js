// SPDX-License-Identifier: MIT
// The packed package as TypeScript and the package linters see it.

const fs = require('node:fs');
const path = require('node:path');
const { before, test } = require('node:test');
const { prepareApp } = require('./support/app.js');

const FOLDER = path.join(__dirname, 'typescript');
const PROGRAM = fs.readFileSync(path.join(FOLDER, 'use.ts'), 'utf8');

/** @type {import('./support/app.js').App} */
let app;

before(async () => {
  app = await prepareApp(FOLDER, { extraFiles: { 'use.mts': PROGRAM } });
});

for (const [kind, name] of Object.entries({
  CommonJS: 'commonjs',
  'ES modules (nodenext)': 'nodenext',
  'a bundler': 'bundler',
})) {
  test(`the types are found from ${kind}`, async () => {
    await app.run('tsc', ['-p', `tsconfig.${name}.json`]);
  });
}

test('publint finds nothing', async () => {
  await app.run('publint', ['--strict', app.tarballs[0]]);
});

test('are the types wrong? no', async () => {
  await app.run('attw', ['--no-emoji', app.tarballs[0]]);
});
