// SPDX-License-Identifier: MIT
// LLVM as WebAssembly, of the npm package @yowasp/clang, for machines without
// clang. It starts no processes: each file is compiled by a call of its own.
//
//   node scripts/npm-clang.js <a job as JSON>

const fs = require('node:fs');
const path = require('node:path');
const { pathToFileURL } = require('node:url');
const { npmPackage } = require('./npm-package.js');

const PIN = {
  name: '@yowasp/clang',
  version: '21.1.4-3',
  integrity:
    'sha512-xeAA7iFvDZ/C32d/h/BDSpmxEZePnorpi+EfaORDWwJN3c9rFXHvUVoHb+alo8U8jNaxJMWBLLGecT55D/YQKA==',
};

/** @typedef {{[name: string]: Tree | string | Uint8Array}} Tree */

/** @returns {Promise<string>} the folder of the package */
function npmClang() {
  return npmPackage(PIN);
}

/** @param {string} folder @returns {Tree} */
function treeOf(folder) {
  const entries = fs.readdirSync(folder, { withFileTypes: true });
  return Object.fromEntries(
    entries.map((entry) => {
      const place = path.join(folder, entry.name);
      const isFolder = entry.isDirectory();
      return [entry.name, isFolder ? treeOf(place) : fs.readFileSync(place)];
    }),
  );
}

/**
 * @typedef {object} Job
 * @property {string} root the folder that flags and sources start from
 * @property {string} folder of it that holds all that is included
 * @property {string[]} flags
 * @property {string[]} sources
 * @property {string} file where the module is written
 */

/**
 * Compiles and links as `clang <flags> <sources> -o <file>` would.
 *
 * @param {Job} job
 */
async function compile({ root, folder, flags, sources, file: target }) {
  const file = path.join(await npmClang(), 'gen/bundle.js');
  const { runLLVM } = await import(pathToFileURL(file).href);
  let said = '';
  const stderr = (/** @type {Uint8Array | null} */ bytes) => {
    said += bytes === null ? '' : Buffer.from(bytes).toString();
  };
  /** @param {string[]} args @param {Tree} files @param {string} made */
  const run = async (args, files, made) => {
    try {
      const options = { stderr, fetchProgress: () => {} };
      const tree = await runLLVM([...args, '-o', made], files, options);
      return tree[made];
    } catch (error) {
      const { name } = /** @type {Error} */ (error);
      throw new Error(`${args.at(-1)}: ${name}\n${said}`);
    }
  };
  const tree = { [folder]: treeOf(path.join(root, folder)) };
  const compiling = flags.filter((flag) => !flag.startsWith('-Wl,'));
  const linking = flags
    .filter((flag) => flag.startsWith('-Wl,'))
    .flatMap((flag) => flag.split(',').slice(1));
  /** @type {Tree} */
  const objects = {};
  for (const [index, source] of sources.entries()) {
    const name = `${index}.o`;
    objects[name] = await run(
      ['clang', ...compiling, '-c', source],
      tree,
      name,
    );
  }
  const args = ['wasm-ld', ...linking, ...Object.keys(objects)];
  fs.writeFileSync(target, await run(args, objects, 'core.wasm'));
}

if (require.main === module) {
  compile(JSON.parse(process.argv[2])).catch((error) => {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  });
}

module.exports = { npmClang };
