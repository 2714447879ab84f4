// SPDX-License-Identifier: MIT
'use strict';

// What the loader says where there is no binary: one sentence with the cause
// and the command that cures it. Each case is an installation laid out by
// hand, and a process that takes itself for another system.

const assert = require('node:assert');
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { after, before, test } = require('node:test');

const { PLATFORMS } = require('../../scripts/release/platforms.js');

const ROOT = path.join(__dirname, '..', '..');
const LIB = path.join(ROOT, 'lib');
const NATIVE = `${LIB}/engine/native.js`;

/** @type {string} */
let folder;

before(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'hf-no-binary-'));
});

after(() => {
  fs.rmSync(folder, { recursive: true, force: true });
});

let installations = 0;

/**
 * An installation of the published package, without what was built here.
 *
 * @param {string[]} published the platforms it names
 * @param {Record<string, string>} [installed] their packages' binaries
 * @returns {string} the package's folder
 */
function install(published, installed = {}) {
  installations += 1;
  const modules = path.join(folder, `${installations}`, 'node_modules');
  const main = path.join(modules, 'pg-holdfast');
  fs.cpSync(LIB, path.join(main, 'lib'), { recursive: true });
  const optionalDependencies = Object.fromEntries(
    published.map((name) => [`pg-holdfast-${name}`, '0.0.0']),
  );
  const manifest = { ...require('../../package.json'), optionalDependencies };
  fs.writeFileSync(path.join(main, 'package.json'), JSON.stringify(manifest));
  for (const [name, binary] of Object.entries(installed)) {
    const place = path.join(modules, `pg-holdfast-${name}`);
    fs.mkdirSync(place);
    fs.writeFileSync(path.join(place, 'holdfast.node'), binary);
    fs.writeFileSync(
      path.join(place, 'package.json'),
      JSON.stringify({ name: `pg-holdfast-${name}`, main: 'holdfast.node' }),
    );
  }
  return main;
}

/**
 * @param {string} main the package's folder
 * @param {string} [disguise] run first
 * @returns {{code: string, message: string, cause: boolean}}
 */
function refusal(main, disguise = '') {
  const script = `${disguise};
    try {
      require(${JSON.stringify(path.join(main, 'lib/engine/native.js'))}).load();
      console.log('{}');
    } catch ({ code, message, cause }) {
      console.log(JSON.stringify({ code, message, cause: Boolean(cause) }));
    }`;
  const env = { ...process.env, HOLDFAST_CORE: '' };
  const options = { encoding: /** @type {const} */ ('utf8'), env };
  return JSON.parse(execFileSync(process.execPath, ['-e', script], options));
}

/** @param {string} platform @param {string} arch */
function pretend(platform, arch) {
  return `
    Object.defineProperty(process, 'platform', { value: '${platform}' });
    Object.defineProperty(process, 'arch', { value: '${arch}' });`;
}

const GLIBC = `
  process.execPath = '/nowhere';
  process.report.getReport = () => ({ header: { glibcVersionRuntime: '2.36' } });`;
const MUSL = `
  process.execPath = '/nowhere';
  process.report.getReport = () => ({ header: {} });`;
const ALL = Object.keys(PLATFORMS);

/** @param {{message: string}} refused @param {RegExp} wanted */
function isOneSentence({ message }, wanted) {
  assert.match(message, wanted);
  assert.doesNotMatch(message, /\n|\. [A-Z]/);
}

test('a platform package skipped by --omit=optional names the command', () => {
  const refused = refusal(install(ALL), pretend('linux', 'x64') + GLIBC);
  assert.strictEqual(refused.code, 'HF_NO_BINARY');
  isOneSentence(
    refused,
    /pg-holdfast-linux-x64 is not installed.*--omit=optional.*"npm install --include=optional"/,
  );
});

test('health and versions can be asked for without the binary', () => {
  const main = install(ALL);
  const script = `${pretend('linux', 'x64') + GLIBC}
    const { Pool, versions } = require(${JSON.stringify(main)});
    const pool = new Pool({ host: 'localhost', user: 'u', database: 'd' });
    pool.health().then(({ status, reasons }) => {
      console.log(JSON.stringify({ status, reasons, versions }));
    });`;
  const env = { ...process.env, HOLDFAST_CORE: '' };
  const text = execFileSync(process.execPath, ['-e', script], {
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const { status, reasons, versions } = JSON.parse(text);
  assert.strictEqual(status, 'down');
  assert.match(reasons[0], /^pg-holdfast: .*"npm install --include=optional"/);
  // It may be seen by everybody.
  assert.ok(!text.includes(main));
  assert.deepStrictEqual(Object.keys(versions), ['holdfast']);
});

test('node_modules from another architecture names both', () => {
  const main = install(ALL, { 'linux-arm64': '' });
  isOneSentence(
    refusal(main, pretend('linux', 'x64') + GLIBC),
    /installed for linux-arm64 and this is linux-x64: run "npm install --force"/,
  );
});

test('a lock file of another system is cured by removing it and node_modules', () => {
  for (const main of [install(ALL), install(ALL, { 'linux-arm64': '' })]) {
    isOneSentence(
      refusal(main, pretend('linux', 'x64') + GLIBC),
      /; if the lock file was made on another system, remove both the lock file and node_modules first/,
    );
  }
});

test('a package that lost its binary on the way is not taken for another', () => {
  const main = install(ALL, { 'linux-arm64': '', 'linux-x64': '' });
  fs.rmSync(path.join(main, '../pg-holdfast-linux-x64/holdfast.node'));
  isOneSentence(
    refusal(main, pretend('linux', 'x64') + GLIBC),
    /pg-holdfast-linux-x64 is there without its binary.*"npm install --force"/,
  );
});

test('musl with the package for glibc names both', () => {
  const main = install(ALL, { 'linux-x64': '' });
  isOneSentence(
    refusal(main, pretend('linux', 'x64') + MUSL),
    /installed for linux-x64 and this is linux-x64-musl: run "npm install/,
  );
});

test('musl without a binary of its own names the build from source', () => {
  isOneSentence(
    refusal(install(['linux-x64']), pretend('linux', 'x64') + MUSL),
    /no binary for linux-x64-musl: run "npx pg-holdfast build", which needs .*libpq/,
  );
});

test('a system without a binary names the build from source', () => {
  for (const [platform, arch] of [
    ['darwin', 'arm64'],
    ['linux', 'ppc64'],
  ]) {
    const refused = refusal(install(ALL), pretend(platform, arch) + GLIBC);
    assert.strictEqual(refused.code, 'HF_NO_BINARY');
    isOneSentence(
      refused,
      new RegExp(`no binary for ${platform}-${arch}: run "npx pg-holdfast`),
    );
  }
});

test('Windows without a binary of its own is sent to WSL', () => {
  const refused = refusal(install(ALL), pretend('win32', 'arm64'));
  isOneSentence(refused, /no binary for win32-arm64: run the .* in WSL/);
});

test('Windows with the package of Linux is told to install its own', () => {
  const main = install(ALL, { 'linux-x64': '' });
  isOneSentence(
    refusal(main, pretend('win32', 'x64')),
    /installed for linux-x64 and this is win32-x64: run "npm install --force"/,
  );
});

test('a file that is not a binary for this system names the install', () => {
  const main = install(ALL, { 'linux-x64': 'not an ELF file' });
  const refused = refusal(main, pretend('linux', 'x64') + GLIBC);
  assert.ok(refused.cause);
  isOneSentence(
    refused,
    /binary for linux-x64 cannot be loaded \(.*holdfast\.node.*\): run "npm install --force"/,
  );
});

test('a C library that is too old names the build from source', () => {
  const main = install(ALL, { 'linux-x64': '' });
  const old = `
    process.dlopen = () => {
      const message = "/lib/libc.so.6: version \`GLIBC_2.34' not found";
      throw Object.assign(new Error(message), { code: 'ERR_DLOPEN_FAILED' });
    };`;
  isOneSentence(
    refusal(main, pretend('linux', 'x64') + GLIBC + old),
    /needs glibc 2\.34 and this system's is older: run "npx pg-holdfast build"/,
  );
});

test('a build from source without its libpq names the package', () => {
  const main = install(ALL);
  const built = path.join(main, 'build/Release');
  fs.mkdirSync(built, { recursive: true });
  fs.writeFileSync(path.join(built, 'holdfast.node'), '');
  const gone = `
    process.dlopen = () => {
      const message = 'libpq.so.5: cannot open shared object file';
      throw Object.assign(new Error(message), { code: 'ERR_DLOPEN_FAILED' });
    };`;
  isOneSentence(
    refusal(main, pretend('linux', 'x64') + GLIBC + gone),
    /needs libpq, which is not installed: .*"apt-get install libpq5"/,
  );
});

test('the loader and the release name the same platforms', () => {
  const text = fs.readFileSync(NATIVE, 'utf8');
  const literal = [...text.matchAll(/require\('pg-holdfast-([\w-]+)'\)/g)].map(
    ([, name]) => name,
  );
  assert.deepStrictEqual(literal.sort(), [...ALL].sort());
  const cases = [...text.matchAll(/case '([\w-]+)':/g)].map(([, n]) => n);
  assert.deepStrictEqual(cases.sort(), literal);
});

/**
 * What a pool says in a process started with other flags, or in a worker.
 * @param {string[]} args
 * @param {{worker?: string[], env?: Record<string, string>}} [how]
 */
function said(args, { worker, env = {} } = {}) {
  const script = `
    const { Pool, retryQuery } = require(${JSON.stringify(ROOT)});
    const place = { host: 'localhost', user: 'u', database: 'd' };
    const pool = new Pool({ ...place, logger: false });
    pool.query('select 1').catch(async ({ code, message, cause }) => {
      const helper = await retryQuery(async () => 'ran');
      console.log(JSON.stringify({ code, message, cause: cause?.code, helper }));
    });`;
  const run = `new (require('node:worker_threads').Worker)(
    ${JSON.stringify(script)}, { eval: true, execArgv: ${JSON.stringify(worker)} })`;
  const text = execFileSync(
    process.execPath,
    [...args, '-e', worker ? run : script],
    {
      encoding: 'utf8',
      env: { ...process.env, HOLDFAST_CORE: '', ...env },
      stdio: ['ignore', 'pipe', 'ignore'],
    },
  );
  return JSON.parse(text);
}

const PERMISSION = process.allowedNodeEnvironmentFlags.has('--permission')
  ? '--permission'
  : '--experimental-permission';
const GUARDED = [PERMISSION, '--allow-fs-read=*'];

test('a flag that forbids addons is named, and the helpers run', () => {
  for (const { code, message, cause, helper } of [
    said(['--no-addons']),
    said([], { env: { NODE_OPTIONS: '--no-addons' } }),
    said([], { worker: ['--no-addons'] }),
  ]) {
    assert.strictEqual(code, 'HF_NO_BINARY');
    assert.strictEqual(cause, 'ERR_DLOPEN_DISABLED');
    assert.strictEqual(helper, 'ran');
    isOneSentence({ message }, /runs with --no-addons, .*without that flag/);
  }
});

test('the permission model is named, with the flag that allows addons', () => {
  for (const { code, message, helper } of [
    said(GUARDED),
    said([...GUARDED, '--allow-worker'], { worker: [] }),
  ]) {
    assert.strictEqual(code, 'HF_NO_BINARY');
    assert.strictEqual(helper, 'ran');
    isOneSentence({ message }, /permission model.*add --allow-addons/);
  }
});

test('the version in the code is that of the package', () => {
  const { version } = require('../../lib/platform/version.js');
  assert.strictEqual(version, require('../../package.json').version);
});

test('a bundle without the binary is told to leave the package out', () => {
  const main = install(ALL);
  const file = path.join(main, 'package.json');
  const own = JSON.parse(fs.readFileSync(file, 'utf8'));
  fs.writeFileSync(file, JSON.stringify({ ...own, name: 'an-application' }));
  isOneSentence(
    refusal(main, pretend('linux', 'x64') + GLIBC),
    /bundle without the binary for linux-x64: .*pg-holdfast is external/,
  );
});
