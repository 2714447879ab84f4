// SPDX-License-Identifier: MIT
'use strict';

// Dates and times between Prisma and the server. Prisma has instants, and takes
// times without a zone as UTC; the server uses the session's zone.

const { paramError } = require('../errors/error-classes.js');

const DIGITS_OF_YEAR = 4;
const MILLIS_PER_DAY = 86_400_000;

/**
 * `2020-01-02`, `2020-01-02 03:04:05.678901+05:30`, with ` BC`. Offsets have
 * seconds in local mean time.
 */
const STAMP =
  /^(\d{4,})-(\d\d)-(\d\d)(?: (\d\d):(\d\d):(\d\d)(\.\d+)?)?([+-]\d\d(?::\d\d(?::\d\d)?)?)?( BC)?$/;

const CLOCK = /^(\d\d):(\d\d):(\d\d)(\.\d+)?([+-]\d\d(?::\d\d(?::\d\d)?)?)?$/;

const TIME_AT = 10;
const UTC_SUFFIX = '+00';

/**
 * @param {number} value
 * @param {number} [width]
 * @returns {string}
 */
function pad(value, width = 2) {
  return String(value).padStart(width, '0');
}

/**
 * Returns a year as ISO 8601 and `new Date()` have it.
 * @param {number} year
 * @returns {string}
 */
function isoYear(year) {
  if (year >= 0 && year <= 9999) {
    return pad(year, DIGITS_OF_YEAR);
  }
  return `${year < 0 ? '-' : '+'}${pad(Math.abs(year), 6)}`;
}

/**
 * @param {string | undefined} offset such as `-03:30`
 * @returns {number} in milliseconds
 */
function offsetMillis(offset) {
  if (offset === undefined) {
    return 0;
  }
  const [hours, minutes = 0, seconds = 0] = offset
    .slice(1)
    .split(':')
    .map(Number);
  const ahead = ((hours * 60 + minutes) * 60 + seconds) * 1000;
  return offset.startsWith('-') ? -ahead : ahead;
}

/**
 * Returns the moment in UTC, its fraction of a second unchanged. What is not a
 * date, such as `infinity`, stays as it is.
 * @param {string} text
 * @returns {string}
 */
function toUtc(text) {
  const parts = STAMP.exec(text);
  if (parts === null) {
    return text;
  }
  const [, year, month, day, hour, minute, second, fraction = ''] = parts;
  const moment = new Date(0);
  const wholeYear = parts[9] === undefined ? Number(year) : 1 - Number(year);
  moment.setUTCFullYear(wholeYear, Number(month) - 1, Number(day));
  const isDate = hour === undefined;
  if (!isDate) {
    moment.setUTCHours(Number(hour), Number(minute), Number(second));
    moment.setTime(moment.getTime() - offsetMillis(parts[8]));
  }
  if (Number.isNaN(moment.getTime())) {
    return text; // the server's years go further than JavaScript's
  }
  const date =
    `${isoYear(moment.getUTCFullYear())}-${pad(moment.getUTCMonth() + 1)}` +
    `-${pad(moment.getUTCDate())}`;
  return isDate ? date : `${date}T${clockOf(moment)}${fraction}+00:00`;
}

/**
 * @param {Date} moment
 * @returns {string}
 */
function clockOf(moment) {
  return (
    `${pad(moment.getUTCHours())}:${pad(moment.getUTCMinutes())}` +
    `:${pad(moment.getUTCSeconds())}`
  );
}

/**
 * Returns whether a text begins with a date with a four-digit year and has no
 * suffix.
 * @param {string} text
 * @returns {boolean}
 */
function isPlain(text) {
  return text[4] === '-' && !text.endsWith('C');
}

/**
 * @param {string} text of a date
 * @returns {string}
 */
function readDate(text) {
  return isPlain(text) ? text : toUtc(text);
}

/**
 * @param {string} text of a timestamp without a zone, which counts as UTC
 * @returns {string}
 */
function readTimestamp(text) {
  if (isPlain(text) && text[TIME_AT] === ' ') {
    return `${text.slice(0, TIME_AT)}T${text.slice(TIME_AT + 1)}+00:00`;
  }
  return toUtc(text);
}

/**
 * @param {string} text of a timestamptz
 * @returns {string}
 */
function readTimestamptz(text) {
  if (text.endsWith(UTC_SUFFIX) && isPlain(text)) {
    return `${text.slice(0, TIME_AT)}T${text.slice(TIME_AT + 1)}:00`;
  }
  return toUtc(text);
}

/**
 * @param {string} text of a timetz
 * @returns {string} the time of day in UTC
 */
function readTimetz(text) {
  if (text.endsWith(UTC_SUFFIX)) {
    return text.slice(0, -UTC_SUFFIX.length);
  }
  const parts = CLOCK.exec(text);
  if (parts === null) {
    return text;
  }
  const [, hour, minute, second, fraction = '', offset] = parts;
  const local = (Number(hour) * 60 + Number(minute)) * 60 * 1000;
  const inUtc = local + Number(second) * 1000 - offsetMillis(offset);
  const inDay = ((inUtc % MILLIS_PER_DAY) + MILLIS_PER_DAY) % MILLIS_PER_DAY;
  return `${clockOf(new Date(inDay))}${fraction}`;
}

/**
 * @param {Date} moment
 * @returns {string} with a dot, nothing where it is whole
 */
function fractionOf(moment) {
  const millis = moment.getUTCMilliseconds();
  return millis === 0 ? '' : `.${pad(millis, 3)}`;
}

/**
 * @param {Date} moment
 * @returns {{ date: string, era: string }}
 */
function dateOf(moment) {
  const year = moment.getUTCFullYear();
  const shown = year > 0 ? year : 1 - year;
  const date =
    `${pad(shown, DIGITS_OF_YEAR)}-${pad(moment.getUTCMonth() + 1)}` +
    `-${pad(moment.getUTCDate())}`;
  return { date, era: year > 0 ? '' : ' BC' };
}

/**
 * Returns a moment as the server reads it. The zone is always included: types
 * without one ignore it, those with one must not assume the session's.
 * @param {Date} moment
 * @param {string | undefined} dbType Prisma's name of the column's type
 * @returns {string}
 */
function writeDate(moment, dbType) {
  if (Number.isNaN(moment.getTime())) {
    throw paramError('a parameter is an invalid Date');
  }
  if (dbType === 'TIME' || dbType === 'TIMETZ') {
    const zone = dbType === 'TIMETZ' ? UTC_SUFFIX : '';
    return `${clockOf(moment)}${fractionOf(moment)}${zone}`;
  }
  const { date, era } = dateOf(moment);
  if (dbType === 'DATE') {
    return date + era;
  }
  return `${date} ${clockOf(moment)}${fractionOf(moment)}${UTC_SUFFIX}${era}`;
}

module.exports = {
  readDate,
  readTimestamp,
  readTimestamptz,
  readTimetz,
  writeDate,
};
