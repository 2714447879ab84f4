// SPDX-License-Identifier: MIT
'use strict';

// interval in IntervalStyle postgres: `1 year 2 mons -3 days 04:05:06.789`.

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

/**
 * @param {string} text
 * @returns {Interval}
 */
function parseInterval(text) {
  /** @type {Partial<Record<IntervalField, number>>} */
  const fields = {};
  const words = text ? text.split(' ').filter(Boolean) : [];
  for (let i = 0; i < words.length; i += 2) {
    const unit = UNITS.get(words[i + 1]);
    if (unit === undefined || !NUMBER.test(words[i])) {
      addTime(fields, words[i]);
      break;
    }
    add(fields, unit, Number(words[i]));
  }
  return new Interval(fields);
}

module.exports = { Interval, parseInterval };
