// SPDX-License-Identifier: MIT
// Builds the addon against the system's libpq, or the one that stands in for it:
// `npm run build`.

const { execFileSync, spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const ROOT = path.dirname(__dirname);
const GYP = path.join(ROOT, 'native/binding.gyp');

/**
 * Where node-gyp wants it, and only while it runs: with this file in a
 * package's root npm and yarn compile whenever they install it.
 */
const GYP_IN_ROOT = path.join(ROOT, 'binding.gyp');

/** Where npm keeps its own node-gyp. @returns {string | null} */
function bundledNodeGyp() {
  /** @type {string[]} */
  const npms = [];
  const execpath = process.env.npm_execpath;
  if (execpath && path.basename(execpath).startsWith('npm')) {
    npms.push(path.dirname(path.dirname(execpath)));
  }
  const prefix = path.dirname(path.dirname(process.execPath));
  npms.push(path.join(prefix, 'lib/node_modules/npm'));
  npms.push('/usr/share/nodejs/npm');
  try {
    const root = execFileSync('npm', ['root', '-g'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    npms.push(path.join(root.trim(), 'npm'));
  } catch {
    // npm is not on the PATH.
  }
  const files = npms.map((npm) =>
    path.join(npm, 'node_modules/node-gyp/bin/node-gyp.js'),
  );
  return files.find((file) => fs.existsSync(file)) ?? null;
}

/** The headers of the Node that runs this, if they are installed with it. */
function nodeDirArgs() {
  const prefix = path.dirname(path.dirname(fs.realpathSync(process.execPath)));
  const header = path.join(prefix, 'include/node/node_api.h');
  return fs.existsSync(header) ? [`--nodedir=${prefix}`] : [];
}

/**
 * Where napi.h is: packed along, or installed by `npm install`. Relative, as
 * the root's own path may hold spaces.
 */
function addonApi() {
  const packed = path.join(ROOT, 'vendor/node-addon-api');
  const folder = fs.existsSync(packed)
    ? packed
    : path.dirname(require.resolve('node-addon-api/package.json'));
  return path.relative(ROOT, folder);
}

/**
 * What GYP_DEFINES says, where libpq is, and whether the compiler is GCC. Clang's objects for
 * link-time optimization need its own linker.
 */
function gypDefines() {
  const { CC = 'cc', GYP_DEFINES = '' } = process.env;
  const [file = CC, ...args] = CC.split(' ').filter(Boolean);
  const { stdout } = spawnSync(file, [...args, '--version'], {
    encoding: 'utf8',
  });
  const isGcc = /Free Software Foundation/.test(stdout ?? '');
  // libpq from source, where the system has none: see scripts/stand-ins.js.
  const parts = path.join(ROOT, 'build/parts');
  const isStatic = fs.existsSync(parts) && !/hf_static/.test(GYP_DEFINES);
  return [
    GYP_DEFINES,
    ...(isGcc ? ['hf_lto=1'] : []),
    ...(isStatic ? [`hf_static='${parts}'`] : []),
  ]
    .filter(Boolean)
    .join(' ');
}

function main() {
  if (process.argv[2] === '--addon-api') {
    process.stdout.write(`${addonApi()}\n`);
    return;
  }
  // Not `rebuild`: that removes build/, and the Makefile's folders with it.
  const args = ['configure', 'build', '-j', '2', ...nodeDirArgs()];
  const bundled = bundledNodeGyp();
  const [file, first] = bundled
    ? [process.execPath, [bundled]]
    : ['npx', ['--yes', 'node-gyp@12']];
  /** @type {NodeJS.ProcessEnv} */
  const env = { ...process.env, GYP_DEFINES: gypDefines() };
  // npm 11 warns of this key and takes it from the command line only.
  delete env.npm_config_nodedir;
  // Ctrl-C ends node-gyp; this process stays to clean up.
  process.on('SIGINT', () => {});
  fs.copyFileSync(GYP, GYP_IN_ROOT);
  try {
    const result = spawnSync(
      file,
      [...first, ...args, ...process.argv.slice(2)],
      { cwd: ROOT, env, stdio: 'inherit' },
    );
    process.exitCode = result.status ?? 1;
  } finally {
    fs.rmSync(GYP_IN_ROOT, { force: true });
  }
}

main();
