// SPDX-License-Identifier: MIT
// Unpacks one of Debian's source packages: with Debian's own tool, or, where
// that is not installed, with what is there wherever an addon can be built.

const fs = require('node:fs');
const path = require('node:path');
const { exec, works } = require('../steps.js');

/** @typedef {import('./archive.js').Source} Source */

/**
 * @param {string} file
 * @param {string[]} args
 * @param {import('../steps.js').ExecOptions} [options]
 */
async function must(file, args, options) {
  const { ok, output } = await exec(file, args, options);
  if (!ok) {
    throw new Error(`${file} ${args[0]} failed:\n${output.slice(-2000)}`);
  }
}

/** @param {Source} source @param {RegExp} pattern */
function fileLike(source, pattern) {
  return Object.keys(source.files).find((name) => pattern.test(name));
}

/**
 * Python knows all the ways in which Debian packs; tar would need a program
 * for each.
 *
 * @param {string} file
 * @param {string} into
 */
async function unpackTar(file, into) {
  await must('python3', ['-m', 'tarfile', '-e', file, into]);
}

/** @param {string} tree with Debian's patches in debian/patches */
async function applyPatches(tree) {
  const folder = path.join(tree, 'debian/patches');
  const series = path.join(folder, 'series');
  const listed = fs.existsSync(series) ? fs.readFileSync(series, 'utf8') : '';
  const names = listed
    .split('\n')
    .map((line) => line.replace(/\s*(#.*)?$/, ''));
  for (const name of names.filter(Boolean)) {
    await must('git', ['apply', '--unidiff-zero', path.join(folder, name)], {
      cwd: tree,
      // It would leave out what lies outside a repository around it.
      env: { GIT_CEILING_DIRECTORIES: path.dirname(tree) },
    });
  }
}

/**
 * @param {Source} source
 * @param {string} folder where its files are
 * @param {string} into
 */
async function unpackByHand(source, folder, into) {
  const original = fileLike(source, /\.orig\.tar\.\w+$/);
  const debian = fileLike(source, /\.debian\.tar\.\w+$/);
  const work = `${into}.work`;
  fs.mkdirSync(work, { recursive: true });
  await unpackTar(path.join(folder, original ?? ''), work);
  const [top = ''] = fs.readdirSync(work);
  fs.renameSync(path.join(work, top), into);
  fs.rmdirSync(work);
  if (debian !== undefined) {
    await unpackTar(path.join(folder, debian), into);
    await applyPatches(into);
  }
}

/**
 * @param {Source} source
 * @param {string} folder where its files are
 * @param {string} into a folder that does not exist yet
 */
async function unpack(source, folder, into) {
  if (source.dsc !== '' && works('dpkg-source')) {
    // The hashes were checked; the signature's keys need not be here.
    const dsc = path.join(folder, source.dsc);
    await must('dpkg-source', ['--no-check', '--extract', dsc, into]);
  } else {
    await unpackByHand(source, folder, into);
  }
}

module.exports = { unpack };
