// SPDX-License-Identifier: MIT
'use strict';

// A page of text on a terminal that is drawn again and again, and the signal
// that ends it. It uses the alternate screen, so that what was on the terminal
// comes back. A page is one write that goes over the old text line by line:
// nothing is cleared first, so nothing flickers.

const ESC = '\u001b[';
const ENTER = `${ESC}?1049h${ESC}?25l`;
const LEAVE = `${ESC}?25h${ESC}?1049l`;
const HOME = `${ESC}H`;
const TO_LINE_END = `${ESC}K`;
const TO_SCREEN_END = `${ESC}J`;
/** Terminals that know it show the page only when it is complete. */
const BEGIN = `${ESC}?2026h`;
const END = `${ESC}?2026l`;

const SIZE = { columns: 80, rows: 24 };
const SIGNALS = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']);

/** Control characters of a text from elsewhere would move the cursor. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is removed
const CONTROLS = /[\u0000-\u001f\u007f-\u009f]/g;

/**
 * Returns a line that fits: what is too long ends in an ellipsis.
 * @param {string} text
 * @param {number} width
 */
function fitted(text, width) {
  const letters = [...text.replace(CONTROLS, ' ')];
  return letters.length <= width
    ? letters.join('')
    : `${letters.slice(0, width - 1).join('')}…`;
}

class Screen {
  #stream;
  #isOpen = false;
  /** @type {string[]} */
  #lines = [];
  #onExit = () => this.close();
  #onResize = () => this.draw(this.#lines);

  /** @param {import('node:tty').WriteStream} stream */
  constructor(stream) {
    this.#stream = stream;
  }

  get columns() {
    return this.#stream.columns || SIZE.columns;
  }

  get rows() {
    return this.#stream.rows || SIZE.rows;
  }

  open() {
    this.#isOpen = true;
    this.#stream.write(ENTER);
    this.#stream.on('resize', this.#onResize);
    // Whatever ends the process, the cursor comes back.
    process.on('exit', this.#onExit);
  }

  /** @param {string[]} lines those below the last row are not seen */
  draw(lines) {
    if (!this.#isOpen) {
      return;
    }
    this.#lines = lines;
    const shown = lines
      .slice(0, this.rows)
      .map((line) => `${fitted(line, this.columns)}${TO_LINE_END}`);
    const page = `${HOME}${shown.join('\r\n')}${TO_SCREEN_END}`;
    this.#stream.write(`${BEGIN}${page}${END}`);
  }

  close() {
    if (this.#isOpen) {
      this.#isOpen = false;
      this.#stream.off('resize', this.#onResize);
      process.off('exit', this.#onExit);
      this.#stream.write(LEAVE);
    }
  }
}

/**
 * Waits for Ctrl-C, or another signal that asks the process to end.
 * @returns {{ended: Promise<void>, stop: () => void}}
 */
function untilInterrupted() {
  /** @type {() => void} */
  let resolve = () => {};
  /** @type {Promise<void>} */
  const ended = new Promise((settle) => {
    resolve = settle;
  });
  const onSignal = () => resolve();
  for (const signal of SIGNALS) {
    process.on(signal, onSignal);
  }
  const stop = () => {
    for (const signal of SIGNALS) {
      process.off(signal, onSignal);
    }
  };
  return { ended, stop };
}

module.exports = { Screen, fitted, untilInterrupted };
