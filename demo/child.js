// SPDX-License-Identifier: MIT

// The parent's end of a load process.

const { fork } = require('node:child_process');

class LoadProcess {
  #child;
  /** @type {import('./account.js').Load} */
  #load = {
    reads: { succeeded: 0, wrong: 0, failures: [] },
    writes: [],
    started: 0,
    settled: 0,
    ended: false,
    retries: 0,
    connectionsLostBusy: null,
  };
  #times = { p50: null, p99: null };
  /** @type {[string, number][]} */
  #messages = [];
  /** @type {string | null} */
  #broken = null;
  #failedWrites = 0;
  #exited;

  /** @param {string} file @param {import('./load.js').Settings} settings */
  constructor(file, settings) {
    // Settings hold a password, which must not be on the command line, where
    // everyone can see it.
    this.#child = fork(file, [], {
      stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
    });
    let errors = '';
    this.#child.stderr?.on('data', (chunk) => {
      errors = (errors + chunk).slice(-4000);
    });
    this.#child.on('message', (message) => this.#take(message));
    this.#exited = new Promise((resolve) => {
      this.#child.on('close', (code, signal) => {
        if (!this.#load.ended && this.#broken === null) {
          const how = signal ? `signal ${signal}` : `exit code ${code}`;
          this.#broken = `${how}\n${errors.trim()}`.trim();
        }
        resolve(undefined);
      });
      this.#child.on('error', () => resolve(undefined));
    });
    this.#send({ type: 'start', settings });
  }

  /** Resolves when the process has ended, whatever the reason. */
  get exited() {
    return this.#exited;
  }

  get load() {
    return this.#load;
  }

  get times() {
    return this.#times;
  }

  /** The most frequent error messages, each with its count. */
  get messages() {
    return this.#messages;
  }

  /** Why the process ended too early; null if it did not. */
  get broken() {
    return this.#broken;
  }

  get brief() {
    const { started, retries, reads } = this.#load;
    const failedReads = reads.failures.reduce((sum, f) => sum + f.count, 0);
    return { started, retries, failed: failedReads + this.#failedWrites };
  }

  stop() {
    this.#send({ type: 'stop' });
  }

  kill() {
    this.#child.kill('SIGKILL');
  }

  /** @param {object} message */
  #send(message) {
    if (this.#child.connected) {
      this.#child.send(message, () => {});
    }
  }

  /** @param {any} message */
  #take(message) {
    if (message.type === 'report') {
      for (const write of message.writes) {
        this.#load.writes.push(write);
        this.#failedWrites += write.ok ? 0 : 1;
      }
      this.#load.reads = message.reads;
      this.#load.started = message.started;
      this.#load.settled = message.settled;
      this.#load.retries = message.retries;
      this.#load.connectionsLostBusy = message.connectionsLostBusy;
    } else if (message.type === 'done') {
      this.#load.ended = true;
      this.#times = { p50: message.p50, p99: message.p99 };
      this.#messages = message.messages;
    } else if (message.type === 'broken') {
      this.#broken = message.message;
    }
  }
}

module.exports = { LoadProcess };
