// SPDX-License-Identifier: MIT
// Builds the addon with the static libraries, from a copy of the sources: the
// folder build/ stays the developer's.

const fs = require('node:fs');
const path = require('node:path');
const { makeGlibcFloor } = require('./glibc.js');
const { addHeaders } = require('./headers.js');
const { ROOT, step } = require('../steps.js');
const { buildForWindows } = require('./windows.js');

/** @typedef {import('./platforms.js').Platform} Platform */

const COPIED = ['native', 'scripts/build.js'];

/** @param {string} text for the shell-like syntax of GYP_DEFINES */
function quoted(text) {
  return `'${text.replaceAll("'", `'"'"'`)}'`;
}

/**
 * @param {string} name of the platform
 * @param {Platform} platform
 * @param {string} work the copy of the sources
 * @param {string} parts the folder with the static libraries
 * @returns {Promise<string>} the binary
 */
async function buildByGyp(name, platform, work, parts) {
  const floor = platform.libc === 'glibc' ? path.join(work, 'floor') : null;
  if (floor !== null) {
    makeGlibcFloor(platform, floor);
  }
  const { cc, cxx, ar, link } = platform.tools;
  const { ok, output } = await step(
    `addon for ${name}`,
    process.execPath,
    ['scripts/build.js', `--arch=${platform.cpu}`],
    {
      cwd: work,
      env: {
        CC: cc,
        CXX: cxx,
        LINK: link ?? cxx,
        AR: ar,
        GYP_DEFINES: [
          `hf_static=${quoted(parts)}`,
          ...(floor === null ? [] : [`hf_floor=${quoted(floor)}`]),
        ].join(' '),
      },
    },
  );
  if (!ok) {
    throw new Error(`the addon cannot be built:\n${output.slice(-4000)}`);
  }
  return path.join(work, 'build/Release/holdfast.node');
}

/**
 * @param {string} name of the platform
 * @param {Platform} platform
 * @param {string} parts the folder with the static libraries
 * @returns {Promise<string>} the binary
 */
async function buildAddon(name, platform, parts) {
  const folder = path.join(ROOT, 'dist/release', name);
  const work = path.join(folder, 'work');
  fs.rmSync(folder, { recursive: true, force: true });
  for (const place of COPIED) {
    fs.cpSync(path.join(ROOT, place), path.join(work, place), {
      recursive: true,
    });
  }
  addHeaders(work);
  const build = platform.os === 'win32' ? buildForWindows : buildByGyp;
  const built = await build(name, platform, work, parts);
  const binary = path.join(folder, 'holdfast.node');
  const { strip } = platform.tools;
  const stripped = await step('strip', strip, ['-o', binary, built]);
  if (!stripped.ok) {
    throw new Error(stripped.output);
  }
  fs.cpSync(path.join(parts, 'licenses'), path.join(folder, 'licenses'), {
    recursive: true,
  });
  fs.copyFileSync(
    path.join(parts, 'sources.json'),
    path.join(folder, 'sources.json'),
  );
  fs.rmSync(work, { recursive: true });
  return binary;
}

module.exports = { buildAddon };
