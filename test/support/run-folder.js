// SPDX-License-Identifier: MIT
// One temporary folder for each test process. It is removed, and every server
// in it ended, when the process ends in whatever way, SIGKILL included: a
// watchdog waits for end of file on a pipe that only this process holds open.

const { spawn } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { giveToAccount } = require('./account.js');

/** @type {string | undefined} */
let root;
let count = 0;

/** @param {string} folder */
function startWatchdog(folder) {
  const script = path.join(__dirname, 'watchdog.sh');
  const child = spawn('/bin/sh', [script, folder], {
    cwd: '/',
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  child.unref();
  // At run time a piped stdio stream is a socket, and has unref().
  /** @type {import('node:net').Socket} */ (
    /** @type {unknown} */ (child.stdin)
  ).unref();
}

/**
 * Returns this process's temporary folder, made at the first call.
 *
 * @returns {string}
 */
function runFolder() {
  if (root === undefined) {
    root = fs.mkdtempSync(path.join(os.tmpdir(), 'holdfast-'));
    fs.chmodSync(root, 0o711);
    startWatchdog(root);
  }
  return root;
}

/**
 * Makes a folder that belongs to the servers' account inside the run folder.
 * Its name is short because a Unix socket's path may have at most 107 bytes.
 *
 * @param {string} kind
 * @returns {string}
 */
function makeFolder(kind) {
  count += 1;
  const folder = path.join(runFolder(), `${kind}${count}`);
  fs.mkdirSync(folder, { mode: 0o700 });
  giveToAccount(folder);
  return folder;
}

module.exports = { makeFolder, runFolder };
