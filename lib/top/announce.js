// SPDX-License-Identifier: MIT
'use strict';

// Where processes that show their pools are found: a folder of this user's,
// with a file for each. A file has the token, so nobody else may read it.

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

/**
 * One process, or thread, that can be looked at.
 * @typedef {object} Place
 * @property {number} pid
 * @property {number} thread 0 is the main one
 * @property {number} port on the loopback interface
 * @property {string} token
 * @property {string} title what was started, without arguments
 * @property {string} startedAt
 */

const PRIVATE_FOLDER = 0o700;
const PRIVATE_FILE = 0o600;
/** Permissions of anybody else. */
const OTHERS = 0o077;

/** Not on Windows, where the folder for temporary files is the user's own. */
const uid = process.getuid?.();

function folder() {
  const name = uid === undefined ? 'pg-holdfast-top' : `pg-holdfast-top-${uid}`;
  return path.join(os.tmpdir(), name);
}

/**
 * Whether a folder is ours alone. In a folder for all, somebody else may have
 * made one of that name first.
 * @param {string} where
 */
function isOurs(where) {
  const stat = fs.lstatSync(where);
  return (
    stat.isDirectory() &&
    (uid === undefined || (stat.uid === uid && (stat.mode & OTHERS) === 0))
  );
}

/** @param {{pid: number, thread: number}} place */
function fileOf({ pid, thread }) {
  return path.join(folder(), `${pid}.${thread}.json`);
}

/**
 * Writes the file of this process, and returns a function that removes it.
 * @param {Place} place
 * @returns {() => void}
 */
function announce(place) {
  const where = folder();
  fs.mkdirSync(where, { recursive: true, mode: PRIVATE_FOLDER });
  if (!isOurs(where)) {
    throw new Error(`${where} is not this user's alone`);
  }
  const file = fileOf(place);
  // Of an earlier process with the same number.
  fs.rmSync(file, { force: true });
  fs.writeFileSync(file, `${JSON.stringify(place)}\n`, {
    mode: PRIVATE_FILE,
    flag: 'wx',
  });
  return () => fs.rmSync(file, { force: true });
}

/** @param {number} pid */
function isRunning(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return /** @type {any} */ (error).code === 'EPERM';
  }
}

/** @param {string} file @returns {Place | null} */
function readPlace(file) {
  try {
    return JSON.parse(fs.readFileSync(file, 'utf8'));
  } catch {
    return null; // it is being written, or was removed
  }
}

/**
 * Returns what can be looked at, and removes what crashed processes left.
 * @returns {Place[]} the oldest first
 */
function findPlaces() {
  const where = folder();
  if (!fs.existsSync(where) || !isOurs(where)) {
    return [];
  }
  const places = fs
    .readdirSync(where)
    .filter((name) => name.endsWith('.json'))
    .map((name) => readPlace(path.join(where, name)))
    .filter((place) => place !== null);
  for (const place of places.filter(({ pid }) => !isRunning(pid))) {
    fs.rmSync(fileOf(place), { force: true });
  }
  return places
    .filter(({ pid }) => isRunning(pid))
    .sort((a, b) => a.startedAt.localeCompare(b.startedAt));
}

module.exports = { announce, findPlaces };
