// SPDX-License-Identifier: MIT
'use strict';

// Log lines, to a logger of the user's or to the terminal.
//
//   logOf(pool).warn({event: 'slow', durationMillis}, 'Slow query: …')
//
// `fields` always has an `event`; its first word says what the line belongs
// to. Messages are plain sentences without marks; the terminal's logger puts
// one in front. Neither may hold a secret or a value of a statement.

const { Incidents } = require('./incidents.js');

/**
 * A logger with pino's methods.
 * @typedef {object} Logger
 * @property {(fields: object, message: string) => unknown} debug
 * @property {(fields: object, message: string) => unknown} info
 * @property {(fields: object, message: string) => unknown} warn
 * @property {(fields: object, message: string) => unknown} error
 */

/** @typedef {'debug' | 'info' | 'warn' | 'error'} Level */

const LEVELS = /** @type {readonly Level[]} */ (
  Object.freeze(['debug', 'info', 'warn', 'error'])
);

/** Marks of events, then of levels. */
/** @type {Readonly<Record<string, string>>} */
const MARKS = Object.freeze({
  'warmup.start': '🔥',
  'warmup.done': '✅',
  'reset.done': '✅',
  'prisma.connected': '✅',
  'breaker.lasts': '❌',
  'health.wait': '⏳',
  'health.passed': '✅',
  'health.failed': '❌',
  'breaker.closed': '✅',
  warn: '⚠️',
  error: '❌',
});

/** Events that development shows although nothing is wrong. */
const WORTH_SEEING =
  /^(?:warmup|reset|prisma|health\.wait|health\.passed|breaker)\b/;

/** And production: the end of an outage whose beginning it showed. */
const GOOD_NEWS = /^breaker\.closed$/;

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are replaced
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g;

/** libpq's messages have several lines, a log has one for each thing. */
const BREAKS = /\s*[\r\n]+\s*/g;

function ignore() {}

/**
 * Writes a line. The only place that does: not console, which tests and
 * frameworks replace and which adds formatting, and not standard output, which
 * belongs to the program. A closed terminal must not end the process.
 * @param {string} line
 */
function writeLine(line) {
  const { stderr } = process;
  stderr.write(`${line}\n`, (error) => {
    if (error && stderr.listenerCount('error') === 0) {
      stderr.once('error', ignore);
    }
  });
}

/** How many pools there are; with several, lines say whose they are. */
let namedPools = () => 1;

/** @param {() => number} count */
function countPools(count) {
  namedPools = count;
}

/**
 * @param {any} fields
 * @param {string} message
 */
function withName({ pool }, message) {
  return !pool || message.includes(pool) || namedPools() < 2
    ? message
    : `${message} (${pool})`;
}

/**
 * @param {Level} level
 * @param {RegExp} [shown] of info: these events
 * @returns {(fields: any, message: string) => void}
 */
function lineWriter(level, shown = WORTH_SEEING) {
  return (fields, message) => {
    const event = String(fields?.event ?? '');
    if (level !== 'info' || shown.test(event)) {
      const mark = MARKS[event] ?? MARKS[level];
      const text = withName(fields ?? {}, message).replace(CONTROL, ' ');
      writeLine(mark === undefined ? text : `${mark} ${text}`);
    }
  };
}

/** @type {Logger} */
const development = Object.freeze({
  debug: ignore,
  info: lineWriter('info'),
  warn: lineWriter('warn'),
  error: lineWriter('error'),
});

/** @type {Logger} */
const production = Object.freeze({
  debug: ignore,
  info: lineWriter('info', GOOD_NEWS),
  warn: ignore,
  error: lineWriter('error'),
});

/**
 * Returns the default logger of a pool. Browsers have no environment, and no
 * terminal.
 * @param {NodeJS.ProcessEnv | undefined} env
 * @returns {Logger | false}
 */
function defaultLogger(env) {
  if (env === undefined || env.NODE_ENV === 'test') {
    return false;
  }
  return env.NODE_ENV === 'production' ? production : development;
}

/**
 * Returns the option `logger`, checked: an object with four methods, or false
 * for none.
 * @param {any} value
 * @param {string} [key]
 * @returns {Logger | false}
 */
function checkLogger(value, key = 'logger') {
  if (value === false) {
    return false;
  }
  if (value === null || !/^(?:object|function)$/.test(typeof value)) {
    throw new TypeError(
      `${key} must be false or an object with the methods ${LEVELS.join(', ')}`,
    );
  }
  for (const level of LEVELS) {
    if (typeof value[level] !== 'function') {
      throw new TypeError(`${key} has no method ${level}(fields, message)`);
    }
  }
  return value;
}

/** Calls a logger, whose errors disturb nothing. */
class Log {
  #logger;
  /** How often the logger threw or rejected. */
  failures = 0;
  #count = () => {
    this.failures += 1;
  };
  /** The pool's name, once that is known. */
  pool = '';
  /** @type {Incidents | undefined} */
  #incidents;

  /** @param {Logger | false} logger */
  constructor(logger) {
    this.#logger = logger;
  }

  get logger() {
    return this.#logger;
  }

  /** What goes wrong with the pool's server. @returns {Incidents} */
  get incidents() {
    this.#incidents ??= new Incidents(this.pool, this);
    return this.#incidents;
  }

  set incidents(shared) {
    this.#incidents = shared;
  }

  /**
   * Returns whether lines of this level are logged.
   * @param {Level} level
   * @returns {boolean}
   */
  listens(level) {
    // A method may be replaced at any time, as pino does to set its level.
    return this.#logger !== false && this.#logger[level] !== ignore;
  }

  /**
   * @param {object} fields
   * @param {string} message
   */
  debug(fields, message) {
    this.#write('debug', fields, message);
  }

  /**
   * @param {object} fields
   * @param {string} message
   */
  info(fields, message) {
    this.#write('info', fields, message);
  }

  /**
   * @param {object} fields
   * @param {string} message
   */
  warn(fields, message) {
    this.#write('warn', fields, message);
  }

  /**
   * @param {object} fields
   * @param {string} message
   */
  error(fields, message) {
    this.#write('error', fields, message);
  }

  /**
   * @param {Level} level
   * @param {object} fields
   * @param {string} message
   */
  #write(level, fields, message) {
    const logger = this.#logger;
    if (logger === false) {
      return;
    }
    try {
      const line = message.replace(BREAKS, ' ');
      const all = this.pool === '' ? fields : { pool: this.pool, ...fields };
      const answer = /** @type {any} */ (logger[level](all, line));
      if (typeof answer?.then === 'function') {
        answer.then(ignore, this.#count);
      }
    } catch {
      this.#count();
    }
  }
}

/** By pool. @type {WeakMap<object, Log>} */
const logs = new WeakMap();
/** The log for lines that belong to no pool. @type {Log | undefined} */
let common;

/**
 * Gives a pool its logger; without one, the default.
 * @param {object} pool
 * @param {Logger | false | undefined} logger
 * @returns {Log}
 */
function setLogger(pool, logger) {
  const log = new Log(logger ?? defaultLogger(globalThis.process?.env));
  logs.set(pool, log);
  return log;
}

/**
 * Returns the log of a pool; without one, that of the process.
 * @param {object} [pool]
 * @returns {Log}
 */
function logOf(pool) {
  const own = pool === undefined ? undefined : logs.get(pool);
  if (own !== undefined) {
    return own;
  }
  common ??= new Log(defaultLogger(globalThis.process?.env));
  return common;
}

module.exports = {
  Log,
  checkLogger,
  countPools,
  defaultLogger,
  logOf,
  setLogger,
};
