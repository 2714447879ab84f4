// SPDX-License-Identifier: MIT
// A page in headless Chromium, by its own protocol over a pipe: no package is
// needed for it.

const { spawn } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { eventually } = require('./eventually.js');
const { makeFolder } = require('./run-folder.js');

const CHROMIUM = process.env.HF_CHROMIUM ?? '/usr/bin/chromium';
const SCREENSHOTS = path.join(__dirname, '../../build/screenshots');
const ARGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--remote-debugging-pipe',
];

/** @returns {string | false} why there is none */
function noChromium() {
  return fs.existsSync(CHROMIUM)
    ? false
    : `no Chromium at ${CHROMIUM}: install Debian's package, or set HF_CHROMIUM`;
}

/** Sends commands, and settles each with its answer. */
class Browser {
  #child;
  #out;
  #id = 0;
  #buffer = '';
  /** @type {Map<number, {resolve: (value: any) => void, reject: (error: Error) => void}>} */
  #waiting = new Map();
  /** What pages reported: exceptions, and errors of their console. */
  errors = /** @type {string[]} */ ([]);

  constructor() {
    const profile = makeFolder('chromium');
    this.#child = spawn(
      CHROMIUM,
      [...ARGS, `--user-data-dir=${profile}`, 'about:blank'],
      { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] },
    );
    const [, , , out, into] = this.#child.stdio;
    this.#out = /** @type {import('node:stream').Writable} */ (out);
    into?.on('data', (chunk) => this.#read(String(chunk)));
  }

  /** @param {string} text messages end in a NUL */
  #read(text) {
    const parts = (this.#buffer + text).split('\0');
    this.#buffer = parts.pop() ?? '';
    for (const part of parts) {
      this.#take(JSON.parse(part));
    }
  }

  /** @param {any} message */
  #take({ id, result, error, method, params }) {
    if (method === 'Runtime.exceptionThrown') {
      this.errors.push(params.exceptionDetails.exception?.description);
    } else if (method === 'Log.entryAdded' && params.entry.level === 'error') {
      this.errors.push(params.entry.text);
    }
    const call = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error) {
      call?.reject(new Error(error.message));
    } else {
      call?.resolve(result);
    }
  }

  /**
   * @param {string} method
   * @param {object} [params]
   * @param {string} [sessionId]
   * @returns {Promise<any>}
   */
  send(method, params = {}, sessionId = undefined) {
    this.#id += 1;
    const id = this.#id;
    this.#out.write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
    });
  }

  /**
   * @param {string} url
   * @param {{width?: number, dark?: boolean}} [options]
   */
  async open(url, { width = 1280, dark = false } = {}) {
    const { targetId } = await this.send('Target.createTarget', {
      url: 'about:blank',
    });
    const { sessionId } = await this.send('Target.attachToTarget', {
      targetId,
      flatten: true,
    });
    const page = new Page(this, sessionId);
    await page.send('Runtime.enable');
    await page.send('Log.enable');
    await page.send('Emulation.setDeviceMetricsOverride', {
      ...{ width, height: 900, deviceScaleFactor: 1, mobile: width < 600 },
    });
    await page.send('Emulation.setEmulatedMedia', {
      features: [
        { name: 'prefers-color-scheme', value: dark ? 'dark' : 'light' },
      ],
    });
    await page.send('Page.navigate', { url });
    return page;
  }

  async close() {
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    await this.send('Browser.close').catch(() => {});
    await ended;
  }
}

class Page {
  #browser;
  #session;

  /** @param {Browser} browser @param {string} session */
  constructor(browser, session) {
    this.#browser = browser;
    this.#session = session;
  }

  /** @param {string} method @param {object} [params] */
  send(method, params) {
    return this.#browser.send(method, params, this.#session);
  }

  /** @param {string} expression @returns {Promise<any>} */
  async evaluate(expression) {
    const { result, exceptionDetails } = await this.send('Runtime.evaluate', {
      expression,
      awaitPromise: true,
      returnByValue: true,
    });
    if (exceptionDetails) {
      throw new Error(exceptionDetails.exception?.description);
    }
    return result.value;
  }

  /** Waits until an expression is true. @param {string} expression */
  async until(expression) {
    await eventually(async () => Boolean(await this.evaluate(expression)), {
      timeout: 30_000,
      interval: 100,
      what: expression,
    });
  }

  /** @param {string} name @returns {Promise<string>} the file */
  async screenshot(name) {
    const { data } = await this.send('Page.captureScreenshot', {
      captureBeyondViewport: true,
    });
    fs.mkdirSync(SCREENSHOTS, { recursive: true });
    const file = path.join(SCREENSHOTS, `${name}.png`);
    fs.writeFileSync(file, Buffer.from(data, 'base64'));
    return file;
  }
}

module.exports = { Browser, noChromium };
