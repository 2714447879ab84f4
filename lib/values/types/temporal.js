// SPDX-License-Identifier: MIT
'use strict';

// Dates and times as Temporal has them, where the platform does.

const { unreadable } = require('../unreadable.js');

/** @returns {any} undefined where there is none */
function temporal() {
  return /** @type {any} */ (globalThis).Temporal;
}

const DATE =
  /^(\d{4,6})(-\d\d-\d\d)(?: (\d\d:\d\d:\d\d(?:\.\d+)?)(.*?))?( BC)?$/;

const YEAR_DIGITS = 6;

/**
 * Returns a date or a timestamp in ISO 8601, whose years count on below 1.
 * @param {string} text as the server writes it with DateStyle ISO
 * @returns {string}
 */
function toIso(text) {
  const match = DATE.exec(text);
  if (match === null) {
    return text; // Temporal refuses it
  }
  const [, digits, day, time, zone = '', era] = match;
  const year = era === undefined ? Number(digits) : 1 - Number(digits);
  const sign = year < 0 ? '-' : '+';
  const isShort = year >= 0 && year <= 9999;
  const written = isShort
    ? String(year).padStart(4, '0')
    : sign + String(Math.abs(year)).padStart(YEAR_DIGITS, '0');
  return `${written}${day}${time === undefined ? '' : `T${time}`}${zone}`;
}

/**
 * Returns a parser into one of Temporal's classes. The infinities are numbers,
 * as among dates.
 * @param {'Instant' | 'PlainDate' | 'PlainDateTime' | 'PlainTime'} name
 * @returns {(text: string) => unknown}
 */
function temporalOf(name) {
  return (text) => {
    if (text === 'infinity' || text === '-infinity') {
      return text === 'infinity' ? Infinity : -Infinity;
    }
    try {
      return temporal()[name].from(name === 'PlainTime' ? text : toIso(text));
    } catch (cause) {
      throw unreadable(`a value is none of Temporal.${name}`, cause);
    }
  };
}

/** @type {ReadonlySet<unknown>} */
const PLAIN = new Set([
  'Temporal.PlainDate',
  'Temporal.PlainDateTime',
  'Temporal.PlainTime',
]);

/**
 * Returns a value of Temporal's as the server reads it, undefined for any other.
 * @param {any} value
 * @returns {string | undefined}
 */
function temporalText(value) {
  const tag = value[Symbol.toStringTag];
  if (typeof tag !== 'string' || !tag.startsWith('Temporal.')) {
    return undefined;
  }
  if (tag === 'Temporal.ZonedDateTime') {
    return fromIso(value.toInstant().toString());
  }
  if (PLAIN.has(tag)) {
    return fromIso(value.toString({ calendarName: 'never' }));
  }
  return tag === 'Temporal.Instant' ? fromIso(value.toString()) : String(value);
}

/**
 * @param {string} text
 * @returns {string}
 */
function fromIso(text) {
  const match = /^([+-]\d{6})(.*)$/.exec(text);
  if (match === null) {
    return text.startsWith('0000-') ? `0001${text.slice(4)} BC` : text;
  }
  const year = Number(match[1]);
  const written = String(year < 1 ? 1 - year : year).padStart(4, '0');
  return `${written}${match[2]}${year < 1 ? ' BC' : ''}`;
}

module.exports = { temporal, temporalOf, temporalText };
