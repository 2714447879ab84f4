// SPDX-License-Identifier: MIT
// musl for arm64: Debian's, as a cross-compiler's system. It is unpacked in the
// cache, not installed, so that the machine needs no packages of another
// processor.

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { cacheFolder, cachePath } = require('../cache-folder.js');
const { say } = require('../steps.js');
const { takeByHash } = require('./archive.js');

/** @type {import('./archive.js').Source} */
const MUSL = {
  package: 'musl',
  version: '1.2.3-1',
  dsc: '',
  files: {
    'musl_1.2.3-1_arm64.deb':
      '6ccf2bf0f479b00411cb8e1eeb048e648718170db5d63bbb4bf4a89350b81468',
    'musl-dev_1.2.3-1_arm64.deb':
      '55c2ca4bc3041c8ed8ac7dc3ef6080d9551a21650568b2fd7610b59eaf98a4f4',
  },
};
const NAME = 'aarch64-linux-musl';
const SPECS = 'musl-gcc.specs';

/** @returns {string} where it is, or will be */
function muslArm64() {
  return path.join(cachePath(), `musl-arm64-${MUSL.version}`);
}

/**
 * Has the paths of Debian's files lead into the folder.
 *
 * @param {string} work where it is unpacked
 * @param {string} folder where it will be
 */
function settle(work, folder) {
  const specs = path.join(work, 'usr/lib', NAME, SPECS);
  const text = fs.readFileSync(specs, 'utf8');
  fs.writeFileSync(
    path.join(work, SPECS),
    text.replaceAll(/\/usr\/(include|lib)\//g, `${folder}/usr/$1/`),
  );
  const libc = path.join(work, 'lib', NAME, 'libc.so');
  fs.copyFileSync(libc, path.join(work, 'usr/lib', NAME, 'libc.so'));
  // The loader is a link to a place in the system: the emulator looks here.
  const loader = path.join(work, 'lib/ld-musl-aarch64.so.1');
  fs.rmSync(loader);
  fs.copyFileSync(libc, loader);
}

/** Brings it about; does nothing where it is. */
async function prepareMuslArm64() {
  const folder = muslArm64();
  if (fs.existsSync(folder)) {
    return;
  }
  const files = path.join(cacheFolder(), 'sources', `musl-${MUSL.version}`);
  say(`taking musl ${MUSL.version} for arm64 from Debian's pool`);
  const { outcome, detail } = await takeByHash(MUSL, files);
  if (outcome !== 'got') {
    throw new Error(`musl ${MUSL.version} for arm64: ${detail}`);
  }
  const work = fs.mkdtempSync(path.join(cacheFolder(), '.musl-'));
  fs.chmodSync(work, 0o755);
  for (const name of Object.keys(MUSL.files)) {
    execFileSync('dpkg-deb', ['-x', path.join(files, name), work]);
  }
  settle(work, folder);
  fs.renameSync(work, folder);
}

module.exports = { muslArm64, prepareMuslArm64 };
