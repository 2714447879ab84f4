// SPDX-License-Identifier: MIT
// The packed packages, installed by each common package manager, from a lock
// file, on a system without a compiler: the published binary is loaded, and
// none is built.

const assert = require('node:assert/strict');
const { execFileSync, spawn } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { after, before, test } = require('node:test');
const { MANAGERS, bring } = require('./install/managers.js');
const { startRegistry } = require('./install/registry.js');
const { linesToRun } = require('./support/line.js');
const { findTarballs } = require('./support/packed.js');

const ROOT = path.join(__dirname, '..', '..');
const { version } = JSON.parse(
  fs.readFileSync(path.join(ROOT, 'package.json'), 'utf8'),
);
const EXAMPLES = path.join(ROOT, 'examples');
const LIMIT_MILLIS = 180_000;

/** Prints which binary was loaded, and that it works. */
const PROGRAM = `
  const { libpq } = require('pg-holdfast').versions;
  const { sharedObjects } = process.report.getReport();
  const loaded = sharedObjects.filter((file) => /holdfast/.test(file));
  console.log('libpq', libpq, ...loaded);`;

/** @type {Awaited<ReturnType<typeof startRegistry>>} */
let registry;
/** @type {string} */
let folder;

/** Managers look up the packages of all platforms, even those they skip. */
async function allTarballs() {
  const dist = path.dirname((await findTarballs())[0] ?? '');
  return fs
    .readdirSync(dist)
    .filter(
      (name) =>
        name.startsWith('pg-holdfast-') && name.endsWith(`-${version}.tgz`),
    )
    .concat(`pg-holdfast-${version}.tgz`)
    .filter((name, index, names) => names.indexOf(name) === index)
    .map((name) => path.join(dist, name));
}

before(async () => {
  registry = await startRegistry(await allTarballs());
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'hf-install-'));
});

after(async () => {
  await registry?.close();
  fs.rmSync(folder, { recursive: true, force: true });
});

/**
 * A folder for PATH with nothing in it but node, sh and env.
 *
 * @param {string} home
 * @param {string} node
 */
function makeBin(home, node) {
  const bin = path.join(home, 'bin');
  fs.mkdirSync(bin);
  fs.symlinkSync(node, path.join(bin, 'node'));
  for (const name of ['sh', 'env']) {
    const file = ['/bin', '/usr/bin']
      .map((place) => path.join(place, name))
      .find((candidate) => fs.existsSync(candidate));
    fs.symlinkSync(String(file), path.join(bin, name));
  }
  return bin;
}

/**
 * @param {string} app
 * @param {string[]} command
 * @param {Record<string, string>} env all of it
 * @returns {Promise<string>} what it said
 */
function run(app, [file = '', ...args], env) {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      cwd: app,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: LIMIT_MILLIS,
      killSignal: 'SIGKILL',
    });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => {
        said += chunk;
      });
    }
    child.once('error', reject);
    child.once('close', (code, signal) => {
      if (code === 0) {
        resolve(said);
      } else {
        const command = [file, ...args].join(' ');
        reject(new Error(`${command}: ${code ?? signal}\n${said}`));
      }
    });
  });
}

/** @param {string} home @param {string} bin */
function environment(home, bin) {
  const { url } = registry;
  return {
    PATH: bin,
    HOME: home,
    npm_config_registry: url,
    npm_config_cache: path.join(home, 'npm-cache'),
    npm_config_store_dir: path.join(home, 'pnpm-store'),
    npm_config_update_notifier: 'false',
    npm_config_manage_package_manager_versions: 'false',
    YARN_REGISTRY: url,
    YARN_CACHE_FOLDER: path.join(home, 'yarn-cache'),
    YARN_NPM_REGISTRY_SERVER: url,
    YARN_UNSAFE_HTTP_WHITELIST: '127.0.0.1',
    YARN_ENABLE_GLOBAL_CACHE: 'false',
    YARN_ENABLE_TELEMETRY: 'false',
    YARN_IGNORE_PATH: '1',
  };
}

/** @param {string} app */
function removeInstalled(app) {
  for (const name of ['node_modules', '.pnp.cjs', '.yarn']) {
    fs.rmSync(path.join(app, name), { recursive: true, force: true });
  }
}

/** @param {import('./install/managers.js').Manager} manager */
function prepare(manager) {
  const home = fs.mkdtempSync(path.join(folder, 'home-'));
  const app = path.join(home, 'app');
  fs.mkdirSync(app);
  const manifest = {
    name: 'app',
    version: '1.0.0',
    private: true,
    dependencies: { 'pg-holdfast': version },
  };
  fs.writeFileSync(path.join(app, 'package.json'), JSON.stringify(manifest));
  if (manager.package.startsWith('@yarnpkg')) {
    // Without this file Yarn takes the folder above for the project.
    fs.writeFileSync(path.join(app, 'yarn.lock'), '');
  }
  return { home, app };
}

for (const manager of linesToRun(MANAGERS, ({ title }) => title)) {
  test(`${manager.title} installs by a lock file without compiling, and the published binary is loaded`, {
    timeout: 2 * LIMIT_MILLIS,
  }, async (t) => {
    let program = '';
    let node = '';
    try {
      ({ program, node } = await bring(manager));
    } catch (error) {
      const why = String(error).split('\n')[0];
      t.skip(`${manager.package} ${manager.version} cannot be had: ${why}`);
      return;
    }
    const { home, app } = prepare(manager);
    const env = {
      ...environment(home, makeBin(home, node)),
      ...manager.env,
    };
    const said = [await run(app, ['node', program, ...manager.install], env)];
    removeInstalled(app);
    said.push(await run(app, ['node', program, ...manager.locked], env));
    for (const text of said) {
      assert.doesNotMatch(text, /gyp/i);
    }
    const runner = manager.runner ? [program, ...manager.runner] : [];
    const found = await run(app, ['node', ...runner, '-e', PROGRAM], env);
    const [, loaded = ''] = /^libpq \d+\.\d+ (\S+\.node)$/m.exec(found) ?? [];
    assert.match(loaded, /pg-holdfast-linux-x64\/holdfast\.node$/, found);
  });
}

test('the published package has nothing in its root that managers compile', async () => {
  const [main = ''] = await findTarballs();
  const listed = execFileSync('tar', ['-tzf', main], { encoding: 'utf8' });
  const names = listed.split('\n');
  assert.ok(names.includes('package/native/binding.gyp'), listed);
  assert.ok(!names.includes('package/binding.gyp'), listed);
});

for (const name of fs.readdirSync(EXAMPLES)) {
  test(`npm install in examples/${name} takes the packages that the checkout packed`, async () => {
    const home = fs.mkdtempSync(path.join(folder, 'home-'));
    const app = path.join(home, 'examples', name);
    const dist = path.join(home, 'dist');
    fs.mkdirSync(app, { recursive: true });
    fs.mkdirSync(dist);
    for (const tarball of await findTarballs()) {
      fs.copyFileSync(tarball, path.join(dist, path.basename(tarball)));
    }
    const manifest = JSON.parse(
      fs.readFileSync(path.join(EXAMPLES, name, 'package.json'), 'utf8'),
    );
    // The other packages are not in this registry.
    const ours = Object.entries(manifest.dependencies).filter(([dependency]) =>
      dependency.startsWith('pg-holdfast'),
    );
    assert.equal(ours.length, 1);
    manifest.dependencies = Object.fromEntries(ours);
    delete manifest.devDependencies;
    const file = path.join(app, 'package.json');
    fs.writeFileSync(file, JSON.stringify(manifest));
    const npm = execFileSync('npm', ['root', '--global'], { encoding: 'utf8' });
    const program = path.join(npm.trim(), 'npm/bin/npm-cli.js');
    const env = environment(home, makeBin(home, process.execPath));
    await run(app, ['node', program, 'install'], env);
    const found = await run(app, ['node', '-e', PROGRAM], env);
    assert.match(found, /pg-holdfast-linux-x64\/holdfast\.node$/m);
  });
}
