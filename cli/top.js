// SPDX-License-Identifier: MIT
'use strict';

// npx pg-holdfast top [pid]: what the pools of a running process do.

const { UsageError, numberOf, parse, withUsage } = require('./arguments.js');
const { print } = require('./progress.js');
const { Screen, untilInterrupted } = require('./terminal.js');
const { readState } = require('./top/client.js');
const { viewOf } = require('./top/view.js');
const { findPlaces } = require('../lib/top/announce.js');

/** @typedef {import('../lib/top/announce.js').Place} Place */

const INTERVAL = { initial: 1, min: 0.2, max: 3600 };
const MILLIS = 1000;

const USAGE = `usage: npx pg-holdfast top [pid] [options]

Shows what the pools of a running process do: connections, calls, time-outs,
retries. The process must have been started with HOLDFAST_TOP=1, by this user,
on this machine.

  --page        print the address of the page for a browser, and end
  --list        list the processes that can be looked at, and end
  --once        print the figures once, and end; so without a terminal
  --json        as --once, as JSON
  --interval N  seconds between two looks (default ${INTERVAL.initial})
  --help

exit code: 0; 2 there is no such process, or it is gone; 64 wrong usage
`;

/** @type {Record<string, import('./arguments.js').Flag>} */
const FLAGS = {
  page: { type: 'boolean' },
  list: { type: 'boolean' },
  once: { type: 'boolean' },
  json: { type: 'boolean' },
  interval: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
};

const EXIT = { ok: 0, gone: 2 };

const NONE = `no process shows its pools. Start yours with HOLDFAST_TOP=1:

  HOLDFAST_TOP=1 node server.js

It is found once its first pool was used.
`;

/** @param {Place} place */
function described({ pid, thread, title, startedAt }) {
  const where = thread === 0 ? '' : `, thread ${thread}`;
  return `${pid}  ${title}${where}, since ${startedAt}\n`;
}

/**
 * Chooses the process to look at.
 * @param {Place[]} places
 * @param {string | undefined} wanted
 * @returns {Place | string} or why there is none
 */
function choose(places, wanted) {
  if (wanted !== undefined && !/^\d+$/.test(wanted)) {
    throw new UsageError('a process is given by its number');
  }
  const found =
    wanted === undefined
      ? places
      : places.filter(({ pid }) => pid === Number(wanted));
  if (found.length === 1 || (found.length > 1 && wanted !== undefined)) {
    return found[0];
  }
  if (places.length === 0) {
    return NONE;
  }
  return found.length === 0
    ? `process ${wanted} does not show its pools; these do:\n` +
        places.map(described).join('')
    : `several processes show their pools; give the number of one:\n` +
        places.map(described).join('');
}

/** @param {Place} place @param {unknown} error */
function goneText({ pid }, error) {
  const { code, message } = /** @type {any} */ (error);
  return `process ${pid} is gone, or does not answer: ${code ?? message}`;
}

/**
 * @param {Place} place
 * @param {boolean} json
 */
async function showOnce(place, json) {
  try {
    const state = await readState(place);
    const text = json
      ? JSON.stringify(state, null, 2)
      : viewOf(state).join('\n');
    await print(`${text}\n`);
    return EXIT.ok;
  } catch (error) {
    process.stderr.write(`pg-holdfast: ${goneText(place, error)}\n`);
    return EXIT.gone;
  }
}

/**
 * Draws until Ctrl-C. When the process is gone its last figures stay, below a
 * line that says so.
 * @param {Place} place
 * @param {number} seconds
 */
async function follow(place, seconds) {
  const screen = new Screen(process.stdout);
  const { ended, stop } = untilInterrupted();
  let isOver = false;
  ended.then(() => {
    isOver = true;
  });
  /** @type {string[]} */
  let last = [];
  let notice = '';
  screen.open();
  try {
    while (!isOver) {
      try {
        last = viewOf(await readState(place));
        notice = '';
      } catch (error) {
        const at = new Date().toTimeString().slice(0, 8);
        notice ||= `${goneText(place, error)} (${at})`;
      }
      const top = notice === '' ? 'Ctrl-C ends' : `✗ ${notice}`;
      screen.draw([top, ...last]);
      const timer = pause(seconds);
      await Promise.race([timer.over, ended]);
      timer.clear();
    }
  } finally {
    stop();
    screen.close();
  }
  await print(`${[...(notice === '' ? [] : [notice]), ...last].join('\n')}\n`);
  return notice === '' ? EXIT.ok : EXIT.gone;
}

/** @param {number} seconds */
function pause(seconds) {
  /** @type {NodeJS.Timeout | undefined} */
  let timer;
  const over = new Promise((resolve) => {
    timer = setTimeout(resolve, seconds * MILLIS);
  });
  return { over, clear: () => clearTimeout(timer) };
}

/** @param {string[]} args */
async function runTop(args) {
  const { url: wanted, flags } = parse(args, FLAGS);
  if (flags.help) {
    await print(USAGE);
    return EXIT.ok;
  }
  const seconds = numberOf(flags.interval, 'interval', INTERVAL);
  const places = findPlaces();
  if (flags.list) {
    await print(places.map(described).join(''));
    return EXIT.ok;
  }
  const place = choose(places, wanted);
  if (typeof place === 'string') {
    process.stderr.write(`pg-holdfast: ${place}`);
    return EXIT.gone;
  }
  if (flags.page) {
    await print(`http://127.0.0.1:${place.port}/#${place.token}\n`);
    return EXIT.ok;
  }
  const isOnce = flags.once || flags.json || !process.stdout.isTTY;
  return isOnce ? showOnce(place, flags.json === true) : follow(place, seconds);
}

/** @param {string[]} args @returns {Promise<number>} the exit code */
function run(args) {
  return withUsage(USAGE, () => runTop(args));
}

module.exports = { run };
