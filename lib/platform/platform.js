// SPDX-License-Identifier: MIT
'use strict';

// Which of our binaries fits here: 'linux-x64', 'linux-x64-musl', …

const fs = require('node:fs');

/** How much of an executable is read to find its loader's name. */
const HEAD_BYTES = 4096;

/** @returns {string} the beginning of Node's own executable */
function head() {
  try {
    const file = fs.openSync(process.execPath, 'r');
    try {
      const bytes = Buffer.alloc(HEAD_BYTES);
      const length = fs.readSync(file, bytes, 0, HEAD_BYTES, 0);
      return bytes.toString('latin1', 0, length);
    } finally {
      fs.closeSync(file);
    }
  } catch {
    return '';
  }
}

/**
 * Distinguishes musl from glibc. The loader's name is usually at the beginning
 * of the executable; a diagnostic report has it, too, but takes 100 times as
 * long.
 * @returns {boolean}
 */
function isMusl() {
  const start = head();
  if (start.includes('/ld-musl-')) {
    return true;
  }
  if (start.includes('/ld-linux')) {
    return false;
  }
  const report = /** @type {any} */ (process.report?.getReport());
  return report !== undefined && !report.header?.glibcVersionRuntime;
}

/** @returns {string} */
function platformName() {
  const name = `${process.platform}-${process.arch}`;
  return process.platform === 'linux' && isMusl() ? `${name}-musl` : name;
}

module.exports = { platformName };
