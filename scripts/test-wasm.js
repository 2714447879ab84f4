// SPDX-License-Identifier: MIT
// Compiles the core to WebAssembly where it is stale, and runs test files:
//
//   node scripts/test-wasm.js [--no-binary | --edge] <file…>
//
// With --no-binary as in Node where none fits: everything has to run on
// WebAssembly. With --edge on the modules of edge runtimes and browsers.

const { spawnSync } = require('node:child_process');
const { buildWasm } = require('./build-wasm.js');
const { ROOT, say } = require('./steps.js');

/** @type {Record<string, {flags: string[], env: Record<string, string>}>} */
const KINDS = {
  '--no-binary': { flags: [], env: { HOLDFAST_CORE: 'wasm' } },
  '--edge': {
    flags: ['--conditions=browser', '--require=./test/wasm/edge-globals.js'],
    env: { HOLDFAST_CORE: 'edge' },
  },
};

function main() {
  const given = process.argv.slice(2);
  const kind = KINDS[given[0]];
  const files = kind === undefined ? given : given.slice(1);
  try {
    buildWasm();
  } catch (error) {
    say(/** @type {Error} */ (error).message);
    process.exitCode = 1;
    return;
  }
  const args = ['--test', '--test-reporter=tap', '--test-concurrency=2'];
  const { status } = spawnSync(
    process.execPath,
    [...(kind?.flags ?? []), ...args, '--expose-gc', ...files],
    {
      cwd: ROOT,
      env: { ...process.env, ...kind?.env },
      stdio: 'inherit',
    },
  );
  process.exitCode = status ?? 1;
}

main();
