// SPDX-License-Identifier: MIT
// The processes of an application: each started in a process group of its own,
// which is ended when the test file is done or its process dies.

const { spawn } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { after } = require('node:test');
const { eventually } = require('../../support/index.js');

/**
 * @typedef {object} RunOptions
 * @property {Record<string, string | undefined>} [env] added to the
 *   environment; undefined takes a name out
 * @property {string} [cwd] in the application's folder by default
 * @property {string} [input] for standard input
 * @property {number} [timeoutMillis] then it is killed. Of run() only.
 * @property {boolean} [mayFail] resolve also when it ended badly. Of run()
 *   only.
 */

/**
 * @typedef {object} Ended
 * @property {number | null} code
 * @property {NodeJS.Signals | null} signal
 * @property {string} stdout
 * @property {string} stderr
 */

const RUN_TIMEOUT_MILLIS = 300_000;
const TAIL_LINES = 60;

/** Variables of the test runner that must not be passed on. */
const NOT_INHERITED =
  /^(NODE_TEST_CONTEXT|NODE_OPTIONS|NODE_V8_COVERAGE|NODE_ENV|NODE_CHANNEL_.*|PG[A-Z]+|(SUPABASE_)?DATABASE_URL|DIRECT_(DATABASE_)?URL|npm_(lifecycle|package)_.*|npm_config_(local_prefix|prefix))$/;

/** @type {Set<AppProcess>} */
const running = new Set();
/** @type {import('node:stream').Writable | null} */
let watchdog = null;

/** @param {string} line */
function tellWatchdog(line) {
  if (watchdog === null) {
    const script = path.join(__dirname, 'watchdog.sh');
    const child = spawn('/bin/sh', [script], {
      cwd: '/',
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    child.unref();
    const pipe = /** @type {import('node:net').Socket} */ (
      /** @type {unknown} */ (child.stdin)
    );
    pipe.unref();
    pipe.on('error', () => {});
    watchdog = pipe;
  }
  watchdog.write(`${line}\n`);
}

/**
 * The environment of an application: this one without the test runner's
 * variables, and with the application's own programs first in PATH.
 *
 * @param {string} folder
 * @param {Record<string, string | undefined>} [more]
 */
function environment(folder, more = {}) {
  /** @type {Record<string, string | undefined>} */
  const env = {};
  for (const [name, value] of Object.entries(process.env)) {
    if (!NOT_INHERITED.test(name)) {
      env[name] = value;
    }
  }
  env.PATH = [
    path.join(folder, 'node_modules', '.bin'),
    path.dirname(process.execPath),
    process.env.PATH,
  ].join(path.delimiter);
  return { ...env, ...more };
}

/**
 * 'node' is this Node.js; others are looked up among the application's
 * programs, then in PATH.
 *
 * @param {string} folder
 * @param {string} file
 */
function programOf(folder, file) {
  if (file === 'node') {
    return process.execPath;
  }
  const own = path.join(folder, 'node_modules', '.bin', file);
  return !file.includes('/') && fs.existsSync(own) ? own : file;
}

/** A process of an application. Made by start(). */
class AppProcess {
  #child;
  #name;
  /** @type {{stdout: string, stderr: string}} */
  #texts = { stdout: '', stderr: '' };
  /** @type {Ended | null} */
  #ended = null;
  /** Settles once it is gone; never rejects. @type {Promise<Ended>} */
  end;

  /**
   * @param {string} folder
   * @param {string} file
   * @param {string[]} args
   * @param {RunOptions} options
   */
  constructor(folder, file, args, options) {
    this.#name = [file, ...args].join(' ');
    this.#child = spawn(programOf(folder, file), args, {
      cwd: options.cwd ?? folder,
      env: environment(folder, options.env),
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#child.stdin.on('error', () => {});
    this.#child.stdin.end(options.input ?? '');
    this.#child.stdout.setEncoding('utf8').on('data', (text) => {
      this.#texts.stdout += text;
    });
    this.#child.stderr.setEncoding('utf8').on('data', (text) => {
      this.#texts.stderr += text;
    });
    this.end = this.#watch();
    running.add(this);
    tellWatchdog(`+${this.pid}`);
  }

  /** @returns {Promise<Ended>} */
  #watch() {
    return new Promise((resolve) => {
      /** @param {number | null} code @param {NodeJS.Signals | null} signal */
      const done = (code, signal) => {
        if (this.#ended === null) {
          this.#ended = { code, signal, ...this.#texts };
          running.delete(this);
          tellWatchdog(`-${this.pid}`);
          resolve(this.#ended);
        }
      };
      this.#child.once('close', done);
      this.#child.once('error', (error) => {
        this.#texts.stderr += `${error.message}\n`;
        done(null, null);
      });
    });
  }

  /** The id of the process and of its group. */
  get pid() {
    return this.#child.pid ?? 0;
  }

  get stdout() {
    return this.#texts.stdout;
  }

  get stderr() {
    return this.#texts.stderr;
  }

  /** How it ended; null while it runs. */
  get ended() {
    return this.#ended;
  }

  /** The command and the end of its output, for messages. */
  describe() {
    const lines = `${this.stdout}\n${this.stderr}`.trim().split('\n');
    return `${this.#name}:\n${lines.slice(-TAIL_LINES).join('\n')}`;
  }

  /**
   * Waits until standard output or error contains this.
   *
   * @param {RegExp} pattern
   * @param {number} [timeoutMillis]
   * @returns {Promise<RegExpExecArray>}
   */
  async waitFor(pattern, timeoutMillis = 60_000) {
    /** @type {RegExpExecArray | null} */
    let found = null;
    await eventually(
      () => {
        found = pattern.exec(this.stdout) ?? pattern.exec(this.stderr);
        return found !== null || this.#ended !== null;
      },
      { timeout: timeoutMillis, what: `${pattern} of ${this.describe()}` },
    );
    if (found === null) {
      throw new Error(`it ended before ${pattern}: ${this.describe()}`);
    }
    return found;
  }

  /** Signals the process alone. @param {NodeJS.Signals} name */
  signal(name) {
    if (this.#ended === null) {
      process.kill(this.pid, name);
    }
  }

  /** Signals its whole group. @param {NodeJS.Signals} name */
  signalGroup(name) {
    try {
      process.kill(-this.pid, name);
    } catch {
      // It is gone.
    }
  }

  /** Stops the group with SIGSTOP: it keeps its sockets but does nothing. */
  freeze() {
    this.signalGroup('SIGSTOP');
  }

  thaw() {
    this.signalGroup('SIGCONT');
  }

  /**
   * Signals it and waits until it is gone; kills the group when that takes too
   * long.
   *
   * @param {NodeJS.Signals} [name]
   * @param {number} [timeoutMillis]
   * @returns {Promise<Ended>}
   */
  async stop(name = 'SIGTERM', timeoutMillis = 15_000) {
    const limit = setTimeout(() => this.signalGroup('SIGKILL'), timeoutMillis);
    this.thaw();
    this.signal(name);
    const end = await this.end;
    clearTimeout(limit);
    this.signalGroup('SIGKILL');
    return end;
  }
}

/** Ends whatever still runs. */
async function endAll() {
  const left = [...running];
  for (const child of left) {
    child.signalGroup('SIGKILL');
  }
  await Promise.all(left.map((child) => child.end));
}

// This file is loaded at the top of a test file, so this runs after all of its
// tests.
after(endAll);
process.on('exit', () => {
  for (const child of running) {
    child.signalGroup('SIGKILL');
  }
});

/**
 * Runs a program to its end.
 *
 * @param {string} folder
 * @param {string} file
 * @param {string[]} args
 * @param {RunOptions} options
 * @returns {Promise<Ended>}
 */
async function runProcess(folder, file, args, options) {
  const child = new AppProcess(folder, file, args, options);
  let late = false;
  const limit = setTimeout(() => {
    late = true;
    child.signalGroup('SIGKILL');
  }, options.timeoutMillis ?? RUN_TIMEOUT_MILLIS);
  const end = await child.end;
  clearTimeout(limit);
  if (end.code !== 0 && !options.mayFail) {
    const how = late ? 'took too long' : `ended with ${end.signal ?? end.code}`;
    throw new Error(`${how}: ${child.describe()}`);
  }
  return end;
}

module.exports = { AppProcess, endAll, environment, runProcess };
