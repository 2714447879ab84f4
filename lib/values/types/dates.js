// SPDX-License-Identifier: MIT
'use strict';

// date, timestamp and timestamptz in DateStyle ISO:
//
//   2020-01-31
//   2020-01-31 12:34:56.123456
//   0044-03-15 12:34:56+05:30:15 BC
//
// Read by character code: a regular expression costs several times as much,
// and results with dates in every row are common.

const SPACE = 32;
const PLUS = 43;
const MINUS = 45;
const DOT = 46;
const ZERO = 48;
const COLON = 58;
const UPPER_Z = 90;

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

/**
 * Returns the digit at `at`, or NaN, which makes every sum NaN.
 * @param {string} text
 * @param {number} at
 * @returns {number}
 */
function digit(text, at) {
  const value = text.charCodeAt(at) - ZERO;
  return value >= 0 && value <= 9 ? value : NaN;
}

/**
 * @param {string} text
 * @param {number} at
 * @returns {number}
 */
function twoDigits(text, at) {
  return digit(text, at) * 10 + digit(text, at + 1);
}

/**
 * Returns the milliseconds of a fraction whose first digit is at `at`. Finer
 * digits are cut, not rounded.
 * @param {string} text
 * @param {number} at
 * @returns {number}
 */
function fractionMillis(text, at) {
  const tenths = digit(text, at) || 0;
  const hundredths = digit(text, at + 1);
  if (Number.isNaN(hundredths)) {
    return tenths * 100;
  }
  return tenths * 100 + hundredths * 10 + (digit(text, at + 2) || 0);
}

/**
 * Returns how far ahead of UTC the zone written at `at` is, in milliseconds;
 * NaN if there is no zone.
 * @param {string} text
 * @param {number} at
 * @returns {number}
 */
function zoneMillis(text, at) {
  const sign = text.charCodeAt(at);
  if (sign === UPPER_Z) {
    return 0;
  }
  if (sign !== PLUS && sign !== MINUS) {
    return NaN;
  }
  let millis = twoDigits(text, at + 1) * HOUR_MS;
  if (text.charCodeAt(at + 3) === COLON) {
    millis += twoDigits(text, at + 4) * MINUTE_MS;
    if (text.charCodeAt(at + 6) === COLON) {
      millis += twoDigits(text, at + 7) * 1000;
    }
  }
  return sign === MINUS ? -millis : millis;
}

/**
 * `new Date(99, …)` means 1999, so years before 100 need setFullYear().
 * @param {number} year
 * @param {number} month
 * @param {number} day
 * @param {number} hour
 * @param {number} minute
 * @param {number} second
 * @param {number} ms
 * @returns {Date}
 */
function localDate(year, month, day, hour, minute, second, ms) {
  if (year < 0 || year > 99) {
    return new Date(year, month, day, hour, minute, second, ms);
  }
  const date = new Date(2000, 0, 1);
  date.setFullYear(year, month, day);
  date.setHours(hour, minute, second, ms);
  return date;
}

/**
 * @param {number} year
 * @param {number} month
 * @param {number} day
 * @param {number} timeMs since midnight, zone already taken off
 * @returns {Date}
 */
function utcDate(year, month, day, timeMs) {
  if (year < 0 || year > 99) {
    return new Date(Date.UTC(year, month, day) + timeMs);
  }
  return new Date(new Date(0).setUTCFullYear(year, month, day) + timeMs);
}

/**
 * Returns pg's value for a text that is not a usual date: a number for the
 * infinities, null for the rest.
 * @param {string} text
 * @returns {number | null}
 */
function parseSpecial(text) {
  if (text === 'infinity') {
    return Infinity;
  }
  return text === '-infinity' ? -Infinity : null;
}

/**
 * @param {string} text
 * @returns {Date | number | null}
 */
function parseDate(text) {
  // A year has four digits or more.
  const yearEnd = text === null ? -1 : text.indexOf('-', 1);
  if (yearEnd < 0) {
    return parseSpecial(text);
  }
  let year = 0;
  for (let i = 0; i < yearEnd; i++) {
    year = year * 10 + digit(text, i);
  }
  const month = twoDigits(text, yearEnd + 1) - 1;
  const day = twoDigits(text, yearEnd + 4);
  if (text.endsWith(' BC')) {
    // There is no year 0 in the calendar, but there is one in JavaScript.
    year = 1 - year;
  }
  if (
    text.charCodeAt(yearEnd + 3) !== MINUS ||
    Number.isNaN(year + month + day)
  ) {
    return parseSpecial(text);
  }
  const timeStart = yearEnd + 7;
  return text.charCodeAt(timeStart - 1) === SPACE &&
    text.charCodeAt(timeStart + 2) === COLON
    ? parseTime(text, timeStart, year, month, day)
    : localDate(year, month, day, 0, 0, 0, 0);
}

/**
 * Adds the time that starts at `at` to a date.
 * @param {string} text
 * @param {number} at
 * @param {number} year
 * @param {number} month
 * @param {number} day
 * @returns {Date | null}
 */
function parseTime(text, at, year, month, day) {
  const hour = twoDigits(text, at);
  const minute = twoDigits(text, at + 3);
  const second = twoDigits(text, at + 6);
  if (Number.isNaN(hour + minute + second)) {
    return null;
  }
  let end = at + 8;
  let ms = 0;
  if (text.charCodeAt(end) === DOT) {
    end += 1;
    ms = fractionMillis(text, end);
    while (digit(text, end) >= 0) {
      end += 1;
    }
  }
  const zone = zoneMillis(text, end);
  return Number.isNaN(zone)
    ? localDate(year, month, day, hour, minute, second, ms)
    : utcDate(
        year,
        month,
        day,
        hour * HOUR_MS + minute * MINUTE_MS + second * 1000 + ms - zone,
      );
}

module.exports = { parseDate };
