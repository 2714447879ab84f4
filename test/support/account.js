// SPDX-License-Identifier: MIT
// The account that the test servers run under, and where their programs are.

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { takenPostgres } = require('./embedded-postgres.js');

/** @typedef {{uid: number, gid: number}} Account */

/** @type {Account | null | undefined} */
let known;

/** @param {string} name @param {string} flag */
function idOf(name, flag) {
  return Number(
    execFileSync('id', [flag, name], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }),
  );
}

/**
 * The account the servers run under when we are root (PostgreSQL and
 * PgBouncer both refuse to run as root); null when we are somebody else.
 *
 * @returns {Account | null}
 */
function serverAccount() {
  if (known !== undefined) {
    return known;
  }
  if (process.getuid?.() !== 0) {
    known = null;
    return known;
  }
  for (const name of ['postgres', 'nobody']) {
    try {
      known = { uid: idOf(name, '-u'), gid: idOf(name, '-g') };
      return known;
    } catch {
      // No such account: tries the next one.
    }
  }
  throw new Error('running as root, and no account "postgres" or "nobody"');
}

/**
 * Gives a path to the servers' account.
 *
 * @param {string} target
 */
function giveToAccount(target) {
  const account = serverAccount();
  if (account !== null) {
    fs.chownSync(target, account.uid, account.gid);
  }
}

/** @param {string} program @param {string[]} folders */
function findProgram(program, folders) {
  for (const folder of folders) {
    const file = path.join(folder, program);
    try {
      fs.accessSync(file, fs.constants.X_OK);
      return file;
    } catch {
      // Not in this folder.
    }
  }
  return null;
}

/** @returns {string[]} */
function pathFolders() {
  const listed = (process.env.PATH ?? '').split(path.delimiter);
  return [...listed, '/usr/sbin', '/usr/local/sbin'].filter(Boolean);
}

/** @returns {string[]} */
function debianFolders() {
  const root = '/usr/lib/postgresql';
  try {
    return fs
      .readdirSync(root)
      .sort((a, b) => Number(b) - Number(a))
      .map((version) => path.join(root, version, 'bin'));
  } catch {
    return [];
  }
}

/**
 * @param {string} name what is missing
 * @returns {Error & {missing: string}}
 */
function missing(name) {
  return Object.assign(new Error(`${name} is not installed`), {
    missing: name,
  });
}

/**
 * Finds the folder of initdb and postgres. HOLDFAST_TEST_PGBIN goes first,
 * then Debian's newest version, then PATH, then what setup took from npm.
 *
 * @returns {string}
 */
function postgresFolder() {
  const wanted = process.env.HOLDFAST_TEST_PGBIN;
  const taken = takenPostgres();
  const folders = [...debianFolders(), ...pathFolders()];
  folders.push(...(taken ? [taken] : []));
  const file = findProgram('postgres', wanted ? [wanted] : folders);
  if (file === null) {
    throw missing('postgresql');
  }
  return path.dirname(fs.realpathSync(file));
}

module.exports = {
  findProgram,
  giveToAccount,
  missing,
  pathFolders,
  postgresFolder,
  serverAccount,
};
