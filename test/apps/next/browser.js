// SPDX-License-Identifier: MIT
// A page in headless Chromium, read by what it shows.

const fs = require('node:fs');
const path = require('node:path');
const { ROOT } = require('../support/packed.js');

const CHROMIUM = process.env.HF_CHROMIUM ?? '/usr/bin/chromium';
const SCREENSHOTS = path.join(ROOT, 'build', 'screenshots');
const ARGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** @param {string} folder of an application that has playwright-core */
async function openBrowser(folder) {
  if (!fs.existsSync(CHROMIUM)) {
    throw new Error(
      `no Chromium at ${CHROMIUM}: install Debian's package chromium, or set ` +
        'HF_CHROMIUM',
    );
  }
  const { chromium } = require(
    path.join(folder, 'node_modules', 'playwright-core'),
  );
  return await chromium.launch({ executablePath: CHROMIUM, args: ARGS });
}

/** The page of the pool's state. */
class PoolPage {
  #page;
  /** The errors that the page reported. @type {string[]} */
  errors = [];

  /** @param {any} page */
  constructor(page) {
    this.#page = page;
    page.on('pageerror', (/** @type {Error} */ error) => {
      this.errors.push(String(error));
    });
    page.on('console', (/** @type {any} */ message) => {
      if (message.type() === 'error') {
        this.errors.push(message.text());
      }
    });
  }

  /**
   * @param {any} browser
   * @param {string} url
   * @param {{colorScheme?: 'light' | 'dark', width?: number}} [options]
   */
  static async open(
    browser,
    url,
    { colorScheme = 'light', width = 1280 } = {},
  ) {
    const page = await browser.newPage({
      colorScheme,
      viewport: { width, height: 900 },
    });
    const opened = new PoolPage(page);
    await page.goto(url);
    return opened;
  }

  /** @returns {string} */
  url() {
    return this.#page.url();
  }

  async close() {
    await this.#page.close();
  }

  /** @param {string} name @returns {Promise<string>} */
  async text(name) {
    const found = this.#page.locator(`[data-figure="${name}"]`).first();
    return (await found.textContent()).trim();
  }

  /** @param {string} name @returns {Promise<number>} */
  async figure(name) {
    return Number((await this.text(name)).replaceAll(',', ''));
  }

  /** @returns {Promise<number>} calls that the pool has settled */
  async queries() {
    return Number(
      await this.#page.locator('main').getAttribute('data-queries'),
    );
  }

  /** @returns {Promise<number[]>} heights of the histogram's bars */
  bars() {
    return this.#page
      .locator('.latency .bar')
      .evaluateAll((/** @type {any[]} */ bars) =>
        bars.map((bar) => bar.height.baseVal.value),
      );
  }

  /** @returns {Promise<number>} cells that stand for open connections */
  openCells() {
    return this.#page.locator('.cells i:not(.closed)').count();
  }

  /** @returns {Promise<string>} */
  background() {
    return this.#page.evaluate(
      'getComputedStyle(document.body).backgroundColor',
    );
  }

  /** Whether the page is wider than its window. @returns {Promise<boolean>} */
  overflows() {
    return this.#page.evaluate(
      'document.documentElement.scrollWidth > innerWidth',
    );
  }

  /**
   * The size of the smallest text that is seen, in pixels of the window: a
   * drawing that is scaled down scales its letters, too.
   * @returns {Promise<number>}
   */
  smallestText() {
    return this.#page.evaluate(`Math.min(...[...document.querySelectorAll('main *')]
      .filter((e) => e.checkVisibility() && e.tagName !== 'title' &&
        [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()))
      .map((e) => {
        const svg = e.closest('svg');
        const scale = svg?.viewBox?.baseVal?.width
          ? svg.getBoundingClientRect().width / svg.viewBox.baseVal.width : 1;
        return scale * parseFloat(getComputedStyle(e).fontSize);
      }))`);
  }

  /** @param {string} name */
  async screenshot(name) {
    fs.mkdirSync(SCREENSHOTS, { recursive: true });
    const file = path.join(SCREENSHOTS, `${name}.png`);
    await this.#page.screenshot({ path: file, fullPage: true });
    return file;
  }
}

module.exports = { PoolPage, openBrowser };
