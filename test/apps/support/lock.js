// SPDX-License-Identifier: MIT
// Locks between processes: a folder, which can be made only once, with the
// process id of its maker inside. A lock whose process is gone is stale.

const fs = require('node:fs');
const path = require('node:path');
const { setTimeout: delay } = require('node:timers/promises');

const POLL_MILLIS = 100;
const TELL_AFTER_MILLIS = 5000;
/**
 * How long a lock may have no pid: its maker writes that right after it made
 * the folder.
 */
const UNSIGNED_MILLIS = 5000;

/** @type {Set<string>} */
const held = new Set();

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return /** @type {any} */ (error).code === 'EPERM';
  }
}

/**
 * Tells a process from a later one with the same id, where there is /proc.
 *
 * @param {number} pid
 * @returns {string}
 */
function identityOf(pid) {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
    const startedAt = stat.slice(stat.lastIndexOf(')')).split(' ')[20];
    return `${pid} ${startedAt}`;
  } catch {
    return String(pid);
  }
}

/** @param {string} folder */
function tryLock(folder) {
  try {
    fs.mkdirSync(folder);
  } catch (error) {
    if (/** @type {any} */ (error).code === 'EEXIST') {
      return false;
    }
    throw error;
  }
  fs.writeFileSync(path.join(folder, 'pid'), identityOf(process.pid));
  held.add(folder);
  return true;
}

/** @param {string} folder @returns {string} '': nobody has signed yet */
function holderOf(folder) {
  try {
    return fs.readFileSync(path.join(folder, 'pid'), 'utf8');
  } catch {
    return '';
  }
}

/** @param {string} folder */
function isStale(folder) {
  const holder = holderOf(folder);
  if (holder !== '') {
    const pid = Number(holder.split(' ')[0]);
    return !isAlive(pid) || !identityOf(pid).startsWith(holder);
  }
  try {
    return Date.now() - fs.statSync(folder).mtimeMs > UNSIGNED_MILLIS;
  } catch {
    return false;
  }
}

/**
 * Moves a stale lock away. Only one process can rename it, so that no lock that
 * was taken meanwhile is removed.
 *
 * @param {string} folder
 */
function removeStale(folder) {
  const grave = `${folder}.stale-${process.pid}`;
  try {
    fs.renameSync(folder, grave);
    fs.rmSync(grave, { recursive: true, force: true });
  } catch {
    // Another process did it.
  }
}

/** @param {string} folder */
function unlock(folder) {
  if (held.delete(folder)) {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

process.on('exit', () => {
  for (const folder of held) {
    unlock(folder);
  }
});

/**
 * Waits for a lock and takes it. It is released when this process ends, at the
 * latest.
 *
 * @param {string} folder
 * @returns {Promise<() => void>} what gives it back
 */
async function lock(folder) {
  fs.mkdirSync(path.dirname(folder), { recursive: true });
  const since = Date.now();
  let told = false;
  while (!tryLock(folder)) {
    if (isStale(folder)) {
      removeStale(folder);
      continue;
    }
    if (!told && Date.now() - since > TELL_AFTER_MILLIS) {
      told = true;
      process.stderr.write(
        `waiting for process ${holderOf(folder).split(' ')[0]} to release ${folder}\n`,
      );
    }
    await delay(POLL_MILLIS);
  }
  return () => unlock(folder);
}

module.exports = { lock };
