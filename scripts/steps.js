// SPDX-License-Identifier: MIT
// Runs commands with a line each: what, how long, how it went.

const { spawn, spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const ROOT = path.dirname(__dirname);
const QUIET_MS = 1500;
const TICK_MS = 2000;
const KILL_MS = 5000;

/** @param {string} text */
function say(text) {
  process.stdout.write(`${text}\n`);
}

/** @param {number} since */
function seconds(since) {
  return `${((Date.now() - since) / 1000).toFixed(1)} s`;
}

/**
 * @typedef {object} Outcome
 * @property {boolean} ok
 * @property {number | null} code
 * @property {string} output both streams
 * @property {boolean} timedOut
 */

/**
 * @typedef {object} ExecOptions
 * @property {Record<string, string | undefined>} [env]
 * @property {number} [timeoutMs]
 * @property {boolean} [show] pass the output on as it comes
 * @property {string} [cwd] the root, unless given
 * @property {number} [niceness] how far it gives way to others; 0 = not
 * @property {number} [stdout] a file for both streams; `output` is empty
 */

/** @param {number} pid @param {NodeJS.Signals} signal */
function signalGroup(pid, signal) {
  try {
    process.kill(-pid, signal);
  } catch {
    // Gone already.
  }
}

/**
 * Runs a command, in the repository's root and a process group of its own, so
 * that a time-out ends all of it.
 *
 * @param {string} file
 * @param {string[]} args
 * @param {ExecOptions} [options]
 * @returns {Promise<Outcome>}
 */
function exec(file, args, options = {}) {
  return new Promise((resolve) => {
    const stream = options.stdout ?? 'pipe';
    const child = spawn(file, args, {
      cwd: options.cwd ?? ROOT,
      detached: true,
      env: { ...process.env, ...options.env },
      stdio: ['ignore', stream, stream],
    });
    const pid = child.pid ?? 0;
    if (options.niceness && pid > 0) {
      os.setPriority(pid, options.niceness);
    }
    let output = '';
    let timedOut = false;
    const stop = () => {
      signalGroup(pid, 'SIGTERM');
      setTimeout(() => signalGroup(pid, 'SIGKILL'), KILL_MS).unref();
    };
    const timer = options.timeoutMs
      ? setTimeout(() => {
          timedOut = true;
          stop();
        }, options.timeoutMs)
      : undefined;
    const onSignal = () => {
      stop();
      process.exitCode = 130;
    };
    process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
    const take = (/** @type {Buffer} */ chunk) => {
      output += chunk;
      if (options.show) {
        process.stdout.write(chunk);
      }
    };
    child.stdout?.on('data', take);
    child.stderr?.on('data', take);
    const done = (/** @type {number | null} */ code) => {
      clearTimeout(timer);
      process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
      resolve({ ok: code === 0 && !timedOut, code, output, timedOut });
    };
    child.once('error', (error) => {
      output += String(error);
      done(null);
    });
    child.once('close', done);
  });
}

/**
 * Runs a command as a named step, with a sign of life while it lasts.
 *
 * @param {string} name
 * @param {string} file
 * @param {string[]} args
 * @param {ExecOptions} [options]
 */
async function step(name, file, args, options = {}) {
  const since = Date.now();
  const live = process.stdout.isTTY;
  const tick = setInterval(
    () => process.stdout.write(live ? `\r${name} … ${seconds(since)}` : '.'),
    TICK_MS,
  );
  if (!live) {
    process.stdout.write(`${name} …`);
  }
  const outcome = await exec(file, args, options);
  clearInterval(tick);
  const verdict = outcome.ok ? 'done' : 'FAILED';
  const time = Date.now() - since > QUIET_MS ? `, ${seconds(since)}` : '';
  say(`${live ? `\r${name} … ` : ' '}${verdict}${time}`);
  return outcome;
}

/** @param {string} program @param {string[]} [args] */
function works(program, args = ['--version']) {
  return spawnSync(program, args, { stdio: 'ignore' }).status === 0;
}

/**
 * The newest modification under some files and folders; 0 if none exists.
 *
 * @param {string[]} places relative to the root
 * @returns {number}
 */
function newest(places) {
  let time = 0;
  for (const place of places) {
    const full = path.join(ROOT, place);
    const stat = fs.statSync(full, { throwIfNoEntry: false });
    if (stat?.isDirectory()) {
      const names = fs.readdirSync(full).map((n) => path.join(place, n));
      time = Math.max(time, newest(names));
    } else if (stat) {
      time = Math.max(time, stat.mtimeMs);
    }
  }
  return time;
}

module.exports = { ROOT, exec, newest, say, seconds, step, works };
