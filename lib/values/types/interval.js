// SPDX-License-Identifier: MIT
'use strict';

// interval, in each of the four styles a session may have: postgres
// (`1 year 2 mons -3 days 04:05:06.789`), postgres_verbose
// (`@ 1 year 2 mons -3 days 4 hours 5 mins 6.789 secs`), sql_standard
// (`+1-2 -3 +4:05:06.789`) and iso_8601 (`P1Y2M-3DT4H5M6.789S`).

/** @type {ReadonlyMap<string, 'years' | 'months' | 'days'>} */
const UNITS = new Map([
  ['year', 'years'],
  ['years', 'years'],
  ['mon', 'months'],
  ['mons', 'months'],
  ['day', 'days'],
  ['days', 'days'],
]);

const TIME = /^([+-]?)(\d+):(\d\d):(\d\d)(?:\.(\d{0,6}))?/;
const NUMBER = /^[+-]?\d+$/;

/** The order in which pg writes an interval back. */
const WRITTEN = /** @type {const} */ ([
  'seconds',
  'minutes',
  'hours',
  'days',
  'months',
  'years',
]);

/**
 * @typedef {'years' | 'months' | 'days' | 'hours' | 'minutes' | 'seconds'
 *   | 'milliseconds'} IntervalField
 */

// The methods use plain functions, not private ones: copies made without the
// constructor (as deep-cloning libraries do) must keep working.

/**
 * @param {object} interval
 * @param {IntervalField} field
 * @returns {number}
 */
function get(interval, field) {
  const fields = /** @type {Partial<Record<IntervalField, number>>} */ (
    interval
  );
  return fields[field] || 0;
}

/**
 * Seconds and milliseconds as one number's text, to the microsecond.
 * @param {object} interval
 * @returns {string}
 */
function secondsText(interval) {
  const seconds = get(interval, 'seconds');
  const milliseconds = get(interval, 'milliseconds');
  if (milliseconds === 0) {
    return String(seconds);
  }
  return (seconds + milliseconds / 1000).toFixed(6).replace(/\.?0+$/, '');
}

/**
 * A span of time. Only the fields that are not zero exist; `milliseconds` has
 * a fraction where there are microseconds.
 */
class Interval {
  /** @param {Partial<Record<IntervalField, number>>} [fields] */
  constructor(fields) {
    // No field declarations: they would be own properties, even when unset.
    Object.assign(this, fields);
  }

  /**
   * Returns the interval as the server reads it; sent when it is a parameter.
   * @returns {string}
   */
  toPostgres() {
    const parts = [];
    for (const field of WRITTEN) {
      const value = get(this, field);
      if (value !== 0) {
        const text = field === 'seconds' ? secondsText(this) : value;
        parts.push(`${text} ${field}`);
      }
    }
    if (get(this, 'seconds') === 0 && get(this, 'milliseconds') !== 0) {
      parts.push(`${secondsText(this)} seconds`);
    }
    return parts.length === 0 ? '0' : parts.join(' ');
  }

  /**
   * Returns the interval in ISO 8601 with every field written.
   * @returns {string}
   */
  toISO() {
    const date = `${get(this, 'years')}Y${get(this, 'months')}M${get(this, 'days')}D`;
    const time = `${get(this, 'hours')}H${get(this, 'minutes')}M`;
    return `P${date}T${time}${secondsText(this)}S`;
  }

  /**
   * The same as `toISO()`.
   * @returns {string}
   */
  toISOString() {
    return this.toISO();
  }
}

/**
 * Adds what is not zero; the order of adding is the order of the properties.
 * @param {Partial<Record<IntervalField, number>>} fields
 * @param {IntervalField} field
 * @param {number} value
 */
function add(fields, field, value) {
  if (value !== 0) {
    fields[field] = value;
  }
}

/**
 * Adds `hh:mm:ss[.ffffff]`; its sign is every part's sign.
 * @param {Partial<Record<IntervalField, number>>} fields
 * @param {string} text
 */
function addTime(fields, text) {
  const match = TIME.exec(text);
  if (match === null) {
    return;
  }
  const sign = match[1] === '-' ? -1 : 1;
  add(fields, 'hours', sign * Number(match[2]));
  add(fields, 'minutes', sign * Number(match[3]));
  add(fields, 'seconds', sign * Number(match[4]));
  const micros = Number((match[5] || '').padEnd(6, '0'));
  add(fields, 'milliseconds', (sign * micros) / 1000);
}

/** @typedef {Partial<Record<IntervalField, number>>} Fields */

/**
 * Adds seconds with their fraction.
 * @param {Fields} fields
 * @param {number} sign
 * @param {string} text such as 6.789
 */
function addSeconds(fields, sign, text) {
  const [whole = '', fraction = ''] = text.split('.');
  add(fields, 'seconds', sign * Number(whole));
  const micros = Number(fraction.slice(0, 6).padEnd(6, '0'));
  add(fields, 'milliseconds', (sign * micros) / 1000);
}

/** @type {ReadonlyMap<string, IntervalField>} */
const VERBOSE_UNITS = new Map([
  ...UNITS,
  ['hour', 'hours'],
  ['hours', 'hours'],
  ['min', 'minutes'],
  ['mins', 'minutes'],
  ['sec', 'seconds'],
  ['secs', 'seconds'],
]);

/**
 * Adds one amount, which may have a sign.
 * @param {Fields} fields
 * @param {IntervalField | undefined} field
 * @param {number} sign of all of them
 * @param {string} text
 */
function addAmount(fields, field, sign, text) {
  const amount = text.replace(/^[+-]/, '');
  const own = text.startsWith('-') ? -sign : sign;
  if (field === 'seconds') {
    addSeconds(fields, own, amount);
  } else if (field !== undefined) {
    add(fields, field, own * Number(amount));
  }
}

/**
 * `@ 1 year -2 days 3 hours ago`: "ago" turns every sign.
 * @param {string} text
 * @returns {Fields}
 */
function parseVerbose(text) {
  /** @type {Fields} */
  const fields = {};
  const sign = text.endsWith(' ago') ? -1 : 1;
  const words = text.split(' ').filter(Boolean);
  for (let i = 1; i + 1 < words.length; i += 2) {
    addAmount(fields, VERBOSE_UNITS.get(words[i + 1]), sign, words[i]);
  }
  return fields;
}

/** The letters of ISO 8601 before the T, and behind it. */
const ISO_UNITS = Object.freeze([
  new Map(Object.entries({ Y: 'years', M: 'months', W: 'weeks', D: 'days' })),
  new Map(Object.entries({ H: 'hours', M: 'minutes', S: 'seconds' })),
]);

/**
 * @param {string} text
 * @returns {Fields}
 */
function parseIso(text) {
  /** @type {Fields} */
  const fields = {};
  const halves = text.slice(1).split('T');
  for (const [i, half] of halves.entries()) {
    for (const [, amount, letter] of half.matchAll(/([+-]?[\d.]+)([A-Z])/g)) {
      const field = /** @type {IntervalField | undefined} */ (
        ISO_UNITS[i]?.get(letter)
      );
      addAmount(fields, field, 1, amount);
    }
  }
  return fields;
}

const SQL_MONTHS = /^([+-]?)(\d+)-(\d+)$/;

/**
 * `1-2`, `3 4:05:06`, or, with a sign for each, `+1-2 -3 +4:05:06`. One sign at
 * the beginning is the sign of all.
 * @param {string[]} words
 * @returns {Fields}
 */
function parseSqlStandard(words) {
  /** @type {Fields} */
  const fields = {};
  const all = words[0].startsWith('-') && !/^[+-]/.test(words[1] ?? '+');
  for (const word of words) {
    const months = SQL_MONTHS.exec(word);
    if (months !== null) {
      const sign = months[1] === '-' ? -1 : 1;
      add(fields, 'years', sign * Number(months[2]));
      add(fields, 'months', sign * Number(months[3]));
    } else if (NUMBER.test(word)) {
      add(fields, 'days', Number(word));
    } else {
      addTime(fields, all && !word.startsWith('-') ? `-${word}` : word);
    }
  }
  return fields;
}

/**
 * @param {string[]} words
 * @returns {Fields}
 */
function parsePostgres(words) {
  /** @type {Fields} */
  const fields = {};
  for (let i = 0; i < words.length; i += 2) {
    const unit = UNITS.get(words[i + 1]);
    if (unit === undefined || !NUMBER.test(words[i])) {
      addTime(fields, words[i]);
      break;
    }
    add(fields, unit, Number(words[i]));
  }
  return fields;
}

/** Words that the style `postgres` does not have. */
const OF_SQL = /^[+-]?(\d+-\d+|\d+|\d:\d\d:\d\d.*)$/;

/**
 * @param {string} text
 * @returns {Interval}
 */
function parseInterval(text) {
  if (!text) {
    return new Interval({});
  }
  if (text.startsWith('@')) {
    return new Interval(parseVerbose(text));
  }
  if (text.startsWith('P')) {
    return new Interval(parseIso(text));
  }
  const words = text.split(' ').filter(Boolean);
  const isSql = words.length > 0 && words.length <= 3 && words.every(isOfSql);
  return new Interval(isSql ? parseSqlStandard(words) : parsePostgres(words));
}

/** @param {string} word @returns {boolean} */
function isOfSql(word) {
  return OF_SQL.test(word) || TIME.test(word);
}

module.exports = { Interval, parseInterval };
