// SPDX-License-Identifier: MIT
'use strict';

/**
 * Returns a function that reports progress: lines with the time, on standard
 * error.
 * @param {boolean} quiet
 * @returns {(text: string) => void}
 */
function startProgress(quiet) {
  const since = performance.now();
  return (text) => {
    if (!quiet) {
      const seconds = ((performance.now() - since) / 1000).toFixed(2);
      process.stderr.write(`[${seconds.padStart(6)} s] ${text}\n`);
    }
  };
}

/**
 * Writes to standard output, and waits until it is flushed.
 * @param {string} text
 * @returns {Promise<void>}
 */
function print(text) {
  return new Promise((resolve) => {
    process.stdout.write(text, () => resolve());
  });
}

module.exports = { print, startProgress };
