// SPDX-License-Identifier: MIT
'use strict';

// doctor --watch: examines again and again, and shows what changed. On a
// terminal it is one page; elsewhere a line for each change; with --json each
// report is a line.

const { Announced } = require('./changes.js');
const { print } = require('../progress.js');
const { Screen, untilInterrupted } = require('../terminal.js');

/** @typedef {import('./new-report.js').Report} Report */
/** @typedef {import('./changes.js').Change} Change */

const LABEL = 18;
const CHANGES_SHOWN = 12;
/** Old ones are forgotten, so that a watch of weeks stays small. */
const CHANGES_KEPT = 200;
const MILLIS = 1000;

/** @param {Date} at */
function clock(at) {
  return at.toTimeString().slice(0, 8);
}

/** @param {Change} change */
function changeText({ name, from, to }) {
  return `${name}: ${from} → ${to}`;
}

/** What is seen of a watch: one way of showing it. */
/**
 * @typedef {object} View
 * @property {() => void} open
 * @property {(report: Report, at: Date, changes: Change[]) =>
 *   void | Promise<void>} show
 * @property {() => void | Promise<void>} close
 */

class Page {
  #screen = new Screen(process.stdout);
  #announced;
  #everySeconds;
  /** @type {string[]} */
  #changes = [];

  /** @param {Announced} announced @param {number} everySeconds */
  constructor(announced, everySeconds) {
    this.#announced = announced;
    this.#everySeconds = everySeconds;
  }

  open() {
    this.#screen.open();
    this.#screen.draw(['The first examination is running.']);
  }

  /** @param {Report} report @param {Date} at @param {Change[]} changes */
  show(report, at, changes) {
    for (const change of changes) {
      this.#changes.push(`${clock(at)}  ${changeText(change)}`);
    }
    this.#changes = this.#changes.slice(-CHANGES_KEPT);
    const facts = this.#announced.all.map(
      ({ name, text, since }) =>
        `  ${name.padEnd(LABEL)}${clock(since)}  ${text}`,
    );
    const findings = report.findings.map(({ level, text }) => {
      const mark = { failure: '✗', warning: '!', hint: '·' }[level];
      return `  ${mark} ${text}`;
    });
    this.#screen.draw([
      `${report.settings.url ?? report.settings.source}`,
      `examined at ${clock(at)} in ${Math.round(report.elapsedMillis)} ms, ` +
        `every ${this.#everySeconds} s; Ctrl-C ends`,
      '',
      `  ${''.padEnd(LABEL)}since`,
      ...facts,
      ...(findings.length > 0 ? ['', ...findings] : []),
      '',
      this.#changes.length === 0 ? 'Nothing has changed yet.' : 'Changes',
      ...this.#changes
        .slice(-CHANGES_SHOWN)
        .reverse()
        .map((line) => `  ${line}`),
    ]);
  }

  async close() {
    this.#screen.close();
    if (this.#changes.length > 0) {
      await print(`${this.#changes.join('\n')}\n`);
    }
  }
}

class Lines {
  #announced;
  #isFirst = true;

  /** @param {Announced} announced */
  constructor(announced) {
    this.#announced = announced;
  }

  open() {}

  /** @param {Report} _report @param {Date} at @param {Change[]} changes */
  show(_report, at, changes) {
    const texts = this.#isFirst
      ? this.#announced.all.map(({ name, text }) => `${name}: ${text}`)
      : changes.map(changeText);
    this.#isFirst = false;
    const time = at.toISOString();
    return print(texts.map((text) => `${time} ${text}\n`).join(''));
  }

  close() {}
}

/** @returns {View} */
function jsonLines() {
  return {
    open() {},
    show: (report) => print(`${JSON.stringify(report)}\n`),
    close() {},
  };
}

/**
 * @param {Announced} announced
 * @param {{json: boolean, everySeconds: number}} options
 * @returns {View}
 */
function viewFor(announced, { json, everySeconds }) {
  if (json) {
    return jsonLines();
  }
  return process.stdout.isTTY
    ? new Page(announced, everySeconds)
    : new Lines(announced);
}

/**
 * @param {number} millis
 * @param {Promise<void>} ended
 */
async function pause(millis, ended) {
  /** @type {NodeJS.Timeout | undefined} */
  let timer;
  const waited = new Promise((resolve) => {
    timer = setTimeout(resolve, millis);
  });
  await Promise.race([waited, ended]);
  clearTimeout(timer);
}

/**
 * Watches until it is interrupted.
 * @param {(earlier: Report | undefined) => Promise<Report>} examine
 * @param {{json: boolean, everySeconds: number}} options
 * @returns {Promise<number>} the exit code of the last complete examination
 */
async function watch(examine, options) {
  const announced = new Announced();
  const view = viewFor(announced, options);
  const { ended, stop } = untilInterrupted();
  const over = ended.then(() => null);
  /** @type {Report | undefined} */
  let last;
  view.open();
  try {
    for (;;) {
      const report = await Promise.race([examine(last), over]);
      if (report === null) {
        break;
      }
      const at = new Date();
      await view.show(report, at, announced.take(report, at));
      last = report;
      await pause(options.everySeconds * MILLIS, ended);
    }
  } finally {
    stop();
    await view.close();
  }
  return last?.exitCode ?? 0;
}

module.exports = { watch };
