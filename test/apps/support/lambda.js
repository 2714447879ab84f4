// SPDX-License-Identifier: MIT
// Lambda's part: hands invocations to a function's runtime over HTTP, freezes
// the process after each and thaws it for the next.

const http = require('node:http');
const { eventually } = require('../../support/index.js');

const PREFIX = '/2018-06-01/runtime/invocation';

/**
 * @typedef {object} Invocation
 * @property {object} event
 * @property {number} deadline
 * @property {(answer: any) => void} answered
 */

/** A function's platform. Made by startLambda(). */
class Lambda {
  #server;
  /** @type {import('node:http').ServerResponse | null} the runtime asks */
  #asking = null;
  /** @type {Invocation | null} */
  #current = null;
  #count = 0;
  /** @type {import('./processes.js').AppProcess | null} */
  #process = null;

  constructor() {
    this.#server = http.createServer((request, response) => {
      if (request.method === 'GET' && request.url === `${PREFIX}/next`) {
        this.#asking = response;
        return;
      }
      let text = '';
      request.setEncoding('utf8').on('data', (chunk) => {
        text += chunk;
      });
      request.on('end', () => {
        response.writeHead(202).end();
        const { answered } = /** @type {Invocation} */ (this.#current);
        this.#current = null;
        answered(JSON.parse(text));
      });
    });
    this.#server.unref();
  }

  /**
   * @param {import('./app.js').App} app
   * @param {string[]} args
   * @param {Record<string, string>} env
   */
  async start(app, args, env) {
    await new Promise((resolve) => {
      this.#server.listen(0, '127.0.0.1', () => resolve(undefined));
    });
    const address = /** @type {any} */ (this.#server.address());
    this.#process = app.start('node', args, {
      env: { ...env, AWS_LAMBDA_RUNTIME_API: `127.0.0.1:${address.port}` },
    });
    await this.#idle();
  }

  get process() {
    return /** @type {import('./processes.js').AppProcess} */ (this.#process);
  }

  async #idle() {
    await eventually(() => this.#asking !== null || this.process.ended, {
      timeout: 60_000,
      interval: 2,
      what: `the runtime of ${this.process.describe()}`,
    });
    if (this.process.ended) {
      throw new Error(`it ended: ${this.process.describe()}`);
    }
  }

  /** Stops the process once it has nothing to do. */
  async freeze() {
    await this.#idle();
    this.process.freeze();
  }

  /**
   * Thaws the process and invokes the function.
   *
   * @param {object} event
   * @param {number} [millis] how long it may take
   * @returns {Promise<{statusCode: number, body: any, millis: number}>}
   */
  async invoke(event, millis = 10_000) {
    this.process.thaw();
    await this.#idle();
    const began = Date.now();
    /** @type {Promise<any>} */
    const answered = new Promise((resolve, reject) => {
      this.#current = { event, deadline: began + millis, answered: resolve };
      this.process.end.then(() =>
        reject(new Error(`it ended: ${this.process.describe()}`)),
      );
    });
    this.#count++;
    const asking = /** @type {import('node:http').ServerResponse} */ (
      this.#asking
    );
    this.#asking = null;
    asking
      .writeHead(200, {
        'lambda-runtime-aws-request-id': `request-${this.#count}`,
        'lambda-runtime-deadline-ms': String(began + millis),
      })
      .end(JSON.stringify(event));
    const { statusCode, body } = await answered;
    return { statusCode, body: JSON.parse(body), millis: Date.now() - began };
  }

  async stop() {
    await this.process.stop('SIGKILL');
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

/**
 * Starts a function whose runtime is `args`, and waits until it can be
 * invoked.
 *
 * @param {import('./app.js').App} app
 * @param {string[]} args
 * @param {Record<string, string>} env
 * @returns {Promise<Lambda>}
 */
async function startLambda(app, args, env) {
  const lambda = new Lambda();
  await lambda.start(app, args, env);
  return lambda;
}

module.exports = { startLambda };
