// SPDX-License-Identifier: MIT

// The Holdfast that is measured: this checkout as it was built, or the packed
// release in the folder that HF_PACKED names, as in
//
//     HF_PACKED=dist node bench/stream.js

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { installPacked } = require('../test/apps/support/packed.js');

const CHECKOUT = path.dirname(__dirname);

/**
 * @returns {Promise<{folder: string, remove: () => void}>} where require()
 *   finds it, until it is removed
 */
async function unpackMeasured() {
  if (!process.env.HF_PACKED) {
    return { folder: CHECKOUT, remove: () => {} };
  }
  const home = fs.mkdtempSync(path.join(os.tmpdir(), 'holdfast-bench-'));
  const modules = path.join(home, 'node_modules');
  await installPacked(modules);
  return {
    folder: path.join(modules, 'pg-holdfast'),
    remove: () => fs.rmSync(home, { recursive: true, force: true }),
  };
}

/**
 * Runs a benchmark that is a program of its own.
 * @param {(holdfast: typeof import('../lib/index.js')) => Promise<void>} main
 */
async function runBenchmark(main) {
  const { folder, remove } = await unpackMeasured();
  try {
    await main(require(folder));
  } catch (error) {
    console.error(error);
    process.exitCode = 1;
  } finally {
    remove();
  }
}

module.exports = { runBenchmark, unpackMeasured };
