// SPDX-License-Identifier: MIT
// The packed packages in bundles, built by the commands and configurations of
// docs/bundlers.md, and run away from node_modules where they are whole.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { after, test } = require('node:test');
const { freePort } = require('../support/daemon.js');
const { eventually } = require('../support/index.js');
const { before, useServer } = require('../support/suite.js');
const { prepareApp } = require('./support/app.js');
const { linesToRun } = require('./support/line.js');

const SOURCE = path.join(__dirname, 'bundlers');
const PAGE = fs.readFileSync(
  path.join(__dirname, '..', '..', 'docs', 'bundlers.md'),
  'utf8',
);
const { version } = require('../../package.json');

/**
 * @typedef {object} Bundle
 * @property {string} title
 * @property {string} heading of the page
 * @property {number} block which of its blocks
 * @property {string} [config] the file of that block
 * @property {string[]} [command] where the block is not the command
 * @property {string} program in the folder of the output
 * @property {boolean} whole it runs without node_modules
 */

/** @type {Bundle[]} */
const BUNDLES = [
  {
    ...{ title: 'esbuild, left out', heading: 'esbuild', block: 0 },
    ...{ program: 'app.mjs', whole: false },
  },
  {
    ...{ title: 'esbuild, an ES module', heading: 'esbuild', block: 2 },
    ...{ program: 'app.mjs', whole: true },
  },
  {
    ...{ title: 'webpack, left out', heading: 'webpack', block: 0 },
    ...{ config: 'webpack.config.cjs', program: 'main.js', whole: false },
    command: ['webpack', '-c', 'webpack.config.cjs'],
  },
  {
    ...{ title: 'webpack', heading: 'webpack', block: 1 },
    ...{ config: 'webpack.config.cjs', program: 'main.js', whole: true },
    command: ['webpack', '-c', 'webpack.config.cjs'],
  },
  {
    ...{ title: 'Rollup, left out', heading: 'Rollup', block: 0 },
    ...{ config: 'rollup.config.mjs', program: 'app.mjs', whole: false },
    command: ['rollup', '-c', 'rollup.config.mjs'],
  },
  {
    ...{ title: 'Vite', heading: 'Vite (SSR)', block: 0 },
    ...{ program: 'app.mjs', whole: false },
  },
  {
    ...{ title: 'ncc', heading: 'ncc', block: 0 },
    ...{ program: 'index.cjs', whole: true },
  },
  {
    ...{ title: 'esbuild', heading: 'esbuild', block: 1 },
    ...{ program: 'app.cjs', whole: true },
  },
];

const server = useServer();

/** @type {Awaited<ReturnType<typeof prepareApp>>} */
let app;
/** @type {string} */
let away;

before(async () => {
  app = await prepareApp(SOURCE);
  away = fs.mkdtempSync(path.join(os.tmpdir(), 'hf-bundle-'));
});

after(() => fs.rmSync(away, { recursive: true, force: true }));

/** @param {string} heading @param {number} block @returns {string} its code */
function blockOf(heading, block) {
  const from = PAGE.indexOf(`## ${heading}\n`);
  assert.ok(from >= 0, heading);
  const [section = ''] = PAGE.slice(from + 3).split('\n## ', 1);
  const code = [...section.matchAll(/```\w+\n([\s\S]*?)```/g)][block]?.[1];
  assert.ok(code, `${heading}: block ${block}`);
  return code;
}

/** @param {string} line @returns {string[]} as a shell would split it */
function words(line) {
  const parts = line.trim().match(/(?:[^\s"]|"[^"]*")+/g) ?? [];
  return parts.map((part) => part.replaceAll('"', ''));
}

/** @param {Bundle} bundle @returns {string[]} the command that builds it */
function commandOf({ heading, block, config, command }) {
  const code = blockOf(heading, block);
  if (config === undefined) {
    return words(code);
  }
  fs.writeFileSync(path.join(app.folder, config), code);
  return command ?? [];
}

const SAID = new RegExp(`^two=2 holdfast=${version} libpq=\\d+\\.\\d+$`, 'm');
const env = () => ({ TEST_URL: server.url, HOLDFAST_CORE: '' });

for (const bundle of linesToRun(BUNDLES, ({ title }) => title)) {
  test(`${bundle.title}: the documented line makes a bundle that runs`, async () => {
    const dist = path.join(app.folder, 'dist');
    fs.rmSync(dist, { recursive: true, force: true });
    const [program = '', ...args] = commandOf(bundle);
    await app.run(program, args);
    const place = bundle.whole ? path.join(away, bundle.title) : dist;
    if (bundle.whole) {
      fs.cpSync(dist, place, { recursive: true });
    }
    const file = path.join(place, bundle.program);
    const { stdout } = await app.run('node', [file], { env: env() });
    assert.match(stdout, SAID);
  });
}

test('Nitro: its server has the package and the binary', async () => {
  const folder = path.join(app.folder, 'nitro');
  const [program = '', ...args] = words(blockOf('Nitro (Nuxt, SolidStart)', 0));
  await app.run(program, args, { cwd: folder });
  const output = path.join(away, 'nitro');
  fs.cpSync(path.join(folder, '.output'), output, { recursive: true });
  const port = String(await freePort());
  const served = app.start('node', ['server/index.mjs'], {
    cwd: output,
    env: { ...env(), PORT: port, HOST: '127.0.0.1' },
  });
  let text = '';
  await eventually(async () => {
    const answer = await fetch(`http://127.0.0.1:${port}/`).catch(() => null);
    text = (await answer?.text()) ?? '';
    return text !== '';
  });
  await served.stop();
  assert.match(text, SAID);
});
