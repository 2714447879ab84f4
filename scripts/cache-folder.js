// SPDX-License-Identifier: MIT
// The folder that keeps what took long to get or to build.

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

/** Root's home is closed to the account that root runs servers under. */
const OF_ROOT = '/var/cache/pg-holdfast';

/** @returns {string} its path, without making it */
function cachePath() {
  const own =
    process.getuid?.() === 0
      ? OF_ROOT
      : path.join(os.homedir(), '.cache', 'pg-holdfast');
  return path.resolve(process.env.HOLDFAST_CACHE ?? own);
}

/** @returns {string} */
function cacheFolder() {
  const folder = cachePath();
  fs.mkdirSync(folder, { recursive: true });
  return folder;
}

module.exports = { cacheFolder, cachePath };
