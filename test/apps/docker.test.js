// SPDX-License-Identifier: MIT
// The Dockerfile of the guide. Where there is Docker the image is built and
// run; its commands are run in an empty folder in any case.

const assert = require('node:assert/strict');
const { spawn, spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');

const { blocksOf } = require('../docs/markdown.js');
const { eventually, freePort, makeFolder } = require('../support/index.js');
const { send } = require('./support/http.js');
const { ROOT, findTarballs } = require('./support/packed.js');
const { environment } = require('./support/processes.js');
const { startPooled } = require('./support/servers.js');

const MINUTE = 60_000;
const SCHEMA = path.join(ROOT, 'examples/fastify/schema.sql');

/** @returns {string} why there is no Docker; '' where there is */
function noDocker() {
  const { status, error } = spawnSync('docker', ['info'], { stdio: 'ignore' });
  if (error !== undefined) {
    return 'docker is not installed';
  }
  return status === 0 ? '' : 'no Docker daemon answers';
}

const [{ code: DOCKERFILE }] = blocksOf('docs/docker.md').filter(
  ({ language }) => language === 'dockerfile',
);

/** @returns {{word: string, rest: string}[]} */
function instructions() {
  return DOCKERFILE.split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [word = ''] = line.split(' ');
      return { word, rest: line.slice(word.length).trim() };
    });
}

/**
 * Puts a package into a folder, without those for other platforms among what it
 * wants: they are not published, and npm ci would miss them in the lock file.
 * @param {string} tarball
 * @param {string} folder
 */
function addPackage(tarball, folder) {
  const file = path.join(folder, path.basename(tarball));
  const work = makeFolder('u');
  run(`tar -xzf '${tarball}'`, work);
  const manifest = path.join(work, 'package/package.json');
  const { optionalDependencies: _, ...rest } = JSON.parse(
    fs.readFileSync(manifest, 'utf8'),
  );
  fs.writeFileSync(manifest, JSON.stringify(rest));
  run(`tar -czf '${file}' package`, work);
}

/** An application to put into an image: the Fastify example, with a lock. */
async function makeContext() {
  const folder = makeFolder('d');
  const example = path.join(ROOT, 'examples/fastify');
  for (const name of ['app.js', 'server.js']) {
    fs.copyFileSync(path.join(example, name), path.join(folder, name));
  }
  const manifest = JSON.parse(
    fs.readFileSync(path.join(example, 'package.json'), 'utf8'),
  );
  for (const tarball of await findTarballs()) {
    addPackage(tarball, folder);
  }
  const text = JSON.stringify(manifest).replaceAll('file:../../dist/', 'file:');
  fs.writeFileSync(path.join(folder, 'package.json'), text);
  run('npm install --package-lock-only --no-audit --no-fund', folder);
  return folder;
}

/** @param {string} command @param {string} cwd */
function run(command, cwd) {
  const { status, stdout, stderr } = spawnSync('/bin/sh', ['-c', command], {
    ...{ cwd, encoding: 'utf8', env: environment(cwd) },
  });
  assert.equal(status, 0, `${command}\n${stdout}${stderr}`);
}

/**
 * Copies as COPY does: files, or a whole folder.
 * @param {string} from
 * @param {string} rest of the instruction
 * @param {string} into
 */
function copy(from, rest, into) {
  const names = rest.split(' ').slice(0, -1);
  for (const name of names) {
    const target = name === '.' ? into : path.join(into, path.basename(name));
    fs.cpSync(path.join(from, name), target, { recursive: true });
  }
}

/**
 * Follows the Dockerfile in a folder for each stage.
 * @param {string} context
 * @returns {{image: string, command: string[]}} the last stage, and its CMD
 */
function follow(context) {
  /** @type {string[]} */
  const stages = [];
  /** @type {string[]} */
  let command = [];
  const here = () => stages.at(-1) ?? '';
  /** @type {Record<string, (rest: string) => void>} */
  const steps = {
    FROM: () => stages.push(makeFolder('s')),
    COPY(rest) {
      if (rest.startsWith('--from=build /app')) {
        copy(stages[0], '. .', here());
        return;
      }
      // The packages are files here, not in the registry: npm ci needs them.
      const more = rest.startsWith('package') ? tarballsOf(context) : '';
      copy(context, `${more}${rest}`, here());
    },
    RUN: (rest) => run(rest, here()),
    CMD(rest) {
      command = JSON.parse(rest);
    },
    WORKDIR() {},
    USER() {},
  };
  for (const { word, rest } of instructions()) {
    steps[word](rest);
  }
  return { image: here(), command };
}

test('the commands of the Dockerfile make an application that answers', async () => {
  const context = await makeContext();
  const schema = fs.readFileSync(SCHEMA, 'utf8');
  const servers = await startPooled({ schema });
  const { image, command } = follow(context);
  const port = String(await freePort());
  const env = environment(image, { DATABASE_URL: servers.url, PORT: port });
  const child = spawn(command[0], command.slice(1), { cwd: image, env });
  let text = '';
  child.stdout.on('data', (chunk) => {
    text += chunk;
  });
  const isDone = () => text.includes('listening') || child.exitCode !== null;
  await eventually(isDone, { timeout: MINUTE, what: 'the start' });
  const { body } = await send(`http://127.0.0.1:${port}`, '/accounts/1');
  assert.equal(body.owner, 'owner 1');
  // Docker stops a container so; `node` itself gets it, and ends in order.
  const exit = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  assert.equal(await exit, 0);
});

/** @param {string} folder @returns {string} their names, for COPY */
function tarballsOf(folder) {
  const names = fs.readdirSync(folder).filter((name) => name.endsWith('.tgz'));
  return names.map((name) => `${name} `).join('');
}

const why = noDocker();
const name = 'the image of the guide is built by Docker';

test(why ? `${name} (not run here: ${why})` : name, { skip: why }, async () => {
  const context = await makeContext();
  // For the same reason as above.
  const file = DOCKERFILE.replace('COPY package', 'COPY *.tgz package');
  fs.writeFileSync(path.join(context, 'Dockerfile'), file);
  run('docker build -q -t pg-holdfast-guide .', context);
  run(
    'docker run --rm pg-holdfast-guide node -e "import(\'pg-holdfast\')"',
    context,
  );
});
