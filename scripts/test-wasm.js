// SPDX-License-Identifier: MIT
// Compiles the core to WebAssembly where it is stale, and runs test files:
//
//   node scripts/test-wasm.js [--no-binary] <file…>
//
// With --no-binary as where none fits: everything has to run on WebAssembly.

const { spawnSync } = require('node:child_process');
const { buildWasm } = require('./build-wasm.js');
const { ROOT, say } = require('./steps.js');

function main() {
  const [first, ...rest] = process.argv.slice(2);
  const alone = first === '--no-binary';
  const files = alone || first === undefined ? rest : [first, ...rest];
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
    [...args, '--expose-gc', ...files],
    {
      cwd: ROOT,
      env: { ...process.env, ...(alone && { HOLDFAST_CORE: 'wasm' }) },
      stdio: 'inherit',
    },
  );
  process.exitCode = status ?? 1;
}

main();
