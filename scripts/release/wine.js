// SPDX-License-Identifier: MIT
// A Windows for programs that are tried out: wine's, in a folder of its own in
// the cache, so that the account's own is left alone.

const fs = require('node:fs');
const path = require('node:path');
const { exec } = require('../steps.js');
const { cacheFolder } = require('../cache-folder.js');

const LIMIT_MS = 240_000;

/**
 * Neither .NET nor a browser is asked for, nothing is put in menus, and
 * nothing but the program is heard of.
 */
const QUIET = {
  WINEDEBUG: '-all',
  WINEDLLOVERRIDES: 'mscoree=;mshtml=;winemenubuilder.exe=',
  DISPLAY: '',
};

/**
 * @typedef {object} Wine
 * @property {string} [folder] not there: it could not be made
 * @property {Record<string, string>} env
 * @property {string} why it could not
 */

/** @returns {Promise<Wine>} */
async function wineFolder() {
  const folder = path.join(cacheFolder(), 'wine');
  const ready = path.join(folder, 'holdfast-ready');
  const env = {
    ...QUIET,
    WINEPREFIX: folder,
    // Node asks for a version of Windows that wine's does not look like.
    NODE_SKIP_PLATFORM_CHECK: '1',
  };
  if (fs.existsSync(ready)) {
    return { folder, env, why: '' };
  }
  fs.rmSync(folder, { recursive: true, force: true });
  for (const args of [
    ['wineboot', '--init'],
    ['winecfg', '-v', 'win10'],
  ]) {
    const options = { env, timeoutMs: LIMIT_MS };
    const { ok, output } = await exec('wine', args, options);
    if (!ok) {
      return { env, why: output.slice(-500) };
    }
  }
  fs.writeFileSync(ready, '');
  return { folder, env, why: '' };
}

module.exports = { wineFolder };
