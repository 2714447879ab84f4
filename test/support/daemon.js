// SPDX-License-Identifier: MIT
// Starts and ends server processes, and runs short commands.

const { execFile, spawn } = require('node:child_process');
const fs = require('node:fs');
const net = require('node:net');
const { serverAccount } = require('./account.js');
const { eventually } = require('./eventually.js');

/**
 * @typedef {object} Daemon
 * @property {number} pid
 * @property {string} logFile
 * @property {boolean} ended
 * @property {Promise<void>} end settles when the process is gone
 */

/** @returns {Promise<number>} a loopback port that is free now */
function freePort() {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = /** @type {net.AddressInfo} */ (server.address());
      server.close(() => resolve(port));
    });
  });
}

/**
 * Starts a server of the unprivileged account in a session of its own (a
 * Ctrl-C at the terminal is for the tests, not for it), writing to a file.
 *
 * @param {string} file
 * @param {string[]} args
 * @param {string} logFile
 * @param {string} cwd
 * @returns {Daemon}
 */
function startDaemon(file, args, logFile, cwd) {
  const log = fs.openSync(logFile, 'a');
  const child = spawn(file, args, {
    cwd,
    detached: true,
    stdio: ['ignore', log, log],
    env: { PATH: process.env.PATH, LC_ALL: 'C' },
    ...serverAccount(),
  });
  fs.closeSync(log);
  child.unref();
  /** @type {Daemon} */
  const daemon = {
    pid: child.pid ?? 0,
    logFile,
    ended: false,
    end: new Promise((resolve) => {
      const done = () => {
        daemon.ended = true;
        resolve();
      };
      child.once('exit', done);
      child.once('error', done);
    }),
  };
  return daemon;
}

/**
 * Signals a daemon and waits until it is gone.
 *
 * @param {Daemon} daemon
 * @param {NodeJS.Signals} signal
 * @param {number} [timeout]
 */
async function endDaemon(daemon, signal, timeout = 30000) {
  if (!daemon.ended) {
    process.kill(daemon.pid, signal);
  }
  await eventually(() => daemon.ended, {
    timeout,
    interval: 5,
    what: `end of process ${daemon.pid} after ${signal}`,
  });
}

/** @param {string} file @param {number} [lines] */
function tail(file, lines = 15) {
  return fs
    .readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .slice(-lines)
    .join('\n');
}

/**
 * Runs a command and returns its standard output without the last newline.
 *
 * @param {string} file
 * @param {string[]} args
 * @param {import('node:child_process').ExecFileOptions} [options]
 * @returns {Promise<string>}
 */
function run(file, args, options = {}) {
  return new Promise((resolve, reject) => {
    const settings = { maxBuffer: 256 << 20, ...options };
    execFile(file, args, settings, (error, stdout, stderr) => {
      if (error) {
        error.message = `${error.message}\n${stderr}`;
        reject(error);
      } else {
        resolve(String(stdout).replace(/\n$/, ''));
      }
    });
  });
}

module.exports = { endDaemon, freePort, run, startDaemon, tail };
