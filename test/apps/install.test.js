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
const programOf = (/** @type {string} */ name) => `
  const { libpq } = require('${name}').versions;
  const { sharedObjects } = process.report.getReport();
  const loaded = sharedObjects.filter((file) => /holdfast/.test(file));
  console.log('libpq', libpq, ...loaded);`;
const PROGRAM = programOf('pg-holdfast');

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
    BUN_CONFIG_REGISTRY: url,
    BUN_INSTALL_CACHE_DIR: path.join(home, 'bun-cache'),
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

/** @param {string} folder @param {object} manifest */
function writePackage(folder, manifest) {
  fs.mkdirSync(folder, { recursive: true });
  const whole = { version: '1.0.0', private: true, ...manifest };
  fs.writeFileSync(path.join(folder, 'package.json'), JSON.stringify(whole));
}

/**
 * A workspace, of which one package has ours, and the other uses that.
 * @param {string} root
 * @param {import('./install/managers.js').Manager} manager
 * @returns {string} the folder of the other
 */
function makeWorkspace(root, { sibling = '1.0.0' }) {
  const packages = path.join(root, 'packages');
  writePackage(root, { name: 'root', workspaces: ['packages/*'] });
  const yaml = path.join(root, 'pnpm-workspace.yaml');
  fs.writeFileSync(yaml, 'packages:\n  - packages/*\n');
  const data = path.join(packages, 'data');
  const dependencies = { 'pg-holdfast': version };
  writePackage(data, { name: 'data', dependencies });
  const text = "module.exports = require('pg-holdfast');\n";
  fs.writeFileSync(path.join(data, 'index.js'), text);
  const app = path.join(packages, 'app');
  writePackage(app, { name: 'app', dependencies: { data: sibling } });
  return app;
}

/** @param {import('./install/managers.js').Manager} manager */
function prepare(manager) {
  const home = fs.mkdtempSync(path.join(folder, 'home-'));
  const app = path.join(home, 'app');
  writePackage(app, {
    name: 'app',
    dependencies: { 'pg-holdfast': version },
  });
  if (manager.package.startsWith('@yarnpkg')) {
    // Without this file Yarn takes the folder above for the project.
    fs.writeFileSync(path.join(app, 'yarn.lock'), '');
  }
  return { home, app };
}

/**
 * Brings a manager; skips the test where it cannot be had.
 * @param {import('node:test').TestContext} t
 * @param {import('./install/managers.js').Manager} manager
 */
async function bringOrSkip(t, manager) {
  try {
    return await bring(manager);
  } catch (error) {
    const why = String(error).split('\n')[0];
    t.skip(`${manager.package} ${manager.version} cannot be had: ${why}`);
    return undefined;
  }
}

/**
 * Asks for the binary that is loaded in a folder.
 * @param {import('./install/managers.js').Manager} manager
 * @param {string[]} command
 * @param {string} place
 * @param {string} program
 * @param {Record<string, string>} env
 */
async function assertPublished(manager, command, place, program, env) {
  const runner = manager.runner ? [...command.slice(1), ...manager.runner] : [];
  const found = await run(place, ['node', ...runner, '-e', program], env);
  const [, loaded = ''] = /^libpq \d+\.\d+ (\S+\.node)$/m.exec(found) ?? [];
  assert.match(loaded, /pg-holdfast-linux-x64\/holdfast\.node$/, found);
}

for (const manager of linesToRun(MANAGERS, ({ title }) => title)) {
  test(`${manager.title} installs by a lock file without compiling, and the published binary is loaded`, {
    timeout: 2 * LIMIT_MILLIS,
  }, async (t) => {
    const brought = await bringOrSkip(t, manager);
    if (brought === undefined) {
      return;
    }
    const { command, node } = brought;
    const { home, app } = prepare(manager);
    const env = { ...environment(home, makeBin(home, node)), ...manager.env };
    const said = [await run(app, [...command, ...manager.install], env)];
    removeInstalled(app);
    said.push(await run(app, [...command, ...manager.locked], env));
    for (const text of said) {
      assert.doesNotMatch(text, /gyp/i);
    }
    await assertPublished(manager, command, app, PROGRAM, env);
  });
}

for (const manager of linesToRun(
  MANAGERS,
  (line) => `${line.title}: workspace`,
)) {
  test(`${manager.title}: a package of a workspace uses another one that has ours`, {
    timeout: 2 * LIMIT_MILLIS,
  }, async (t) => {
    const brought = await bringOrSkip(t, manager);
    if (brought === undefined) {
      return;
    }
    const { command, node } = brought;
    const { home, app: root } = prepare(manager);
    const app = makeWorkspace(root, manager);
    const env = { ...environment(home, makeBin(home, node)), ...manager.env };
    await run(root, [...command, ...manager.install], env);
    await assertPublished(manager, command, app, programOf('data'), env);
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
