// SPDX-License-Identifier: MIT

// The parent's end of bench/worker.js. Sends one command at a time.

const { fork } = require('node:child_process');
const path = require('node:path');

class WorkerProcess {
  #driver;
  #child;
  /** @type {{resolve: (value: any) => void, reject: (e: Error) => void} |
   *   null} */
  #waiting = null;
  /** @type {Error | null} */
  #gone = null;
  #exited;

  /** @param {string} driver */
  constructor(driver) {
    this.#driver = driver;
    this.#child = fork(path.join(__dirname, 'worker.js'), [driver], {
      env: { ...process.env, NODE_ENV: 'production' },
    });
    this.#child.on('message', (message) => this.#answer(message));
    this.#exited = new Promise((resolve) => {
      this.#child.on('exit', (code, signal) => {
        this.#gone = new Error(`the process ended (${signal ?? code})`);
        this.#waiting?.reject(this.#gone);
        resolve(undefined);
      });
    });
  }

  /**
   * Connects and warms up.
   * @param {import('./cases.js').Case} benchCase
   * @param {import('./drivers.js').Target} target
   * @param {number} warmMillis
   */
  open(benchCase, target, warmMillis) {
    const driver = this.#driver;
    return this.#ask({ type: 'open', driver, benchCase, target, warmMillis });
  }

  /** @param {number} millis */
  run(millis) {
    return this.#ask({ type: 'run', millis });
  }

  close() {
    return this.#ask({ type: 'close' });
  }

  async end() {
    if (this.#gone === null) {
      this.#child.kill('SIGKILL');
      await this.#exited;
    }
  }

  /** @param {object} message @returns {Promise<any>} */
  #ask(message) {
    return new Promise((resolve, reject) => {
      if (this.#gone !== null) {
        reject(this.#gone);
        return;
      }
      this.#waiting = { resolve, reject };
      this.#child.send(message);
    });
  }

  /** @param {any} message */
  #answer(message) {
    const waiting = this.#waiting;
    this.#waiting = null;
    if (message.ok) {
      waiting?.resolve(message.value);
    } else {
      waiting?.reject(
        Object.assign(new Error(message.message), { code: message.code }),
      );
    }
  }
}

module.exports = { WorkerProcess };
