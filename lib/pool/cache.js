// SPDX-License-Identifier: MIT
'use strict';

// The options `cache` and `invalidate`. The cache itself is the engine's.

const { argumentError } = require('../validate/argument-error.js');
const { paramError } = require('../errors/errors.js');
const { checkKeysAs } = require('../validate/keys.js');
const { MILLIS_MAX } = require('../validate/values.js');

const NUL = '\0';

/** The first letters of labels. */
const KEY = 'k';
const TAG = 't';

/**
 * @typedef {object} CacheOptions
 * @property {number} ttlMillis how old the result may be
 * @property {string} [key] distinguishes queries that are otherwise equal
 * @property {string | string[]} [tags] by which it can be invalidated
 * @property {number} [staleIfErrorMillis] how much older it may be while the
 *   server is away
 */

const QUERY_KEYS = new Set(['ttlMillis', 'key', 'tags', 'staleIfErrorMillis']);
const INVALIDATE_KEYS = new Set(['tag', 'tags', 'key']);

/**
 * @param {unknown} value
 * @param {string} name
 * @returns {number}
 */
function readAge(value, name) {
  if (value === Infinity) {
    return MILLIS_MAX;
  }
  if (typeof value !== 'number') {
    throw argumentError(`${name} must be a number of milliseconds`);
  }
  if (!(value >= 0)) {
    throw argumentError(`${name} must not be negative`, RangeError);
  }
  return Math.min(MILLIS_MAX, Math.ceil(value));
}

/**
 * @param {unknown} value
 * @param {string} name
 * @returns {string}
 */
function readName(value, name) {
  if (typeof value !== 'string' || value === '' || value.includes(NUL)) {
    throw argumentError(`${name} must be a string, not empty, without NUL`);
  }
  return value;
}

/**
 * Returns labels of a string, or of an array of them, without doubles.
 * @param {unknown} value
 * @param {string} name
 * @returns {string[]}
 */
function readTags(value, name) {
  if (value === undefined || value === null) {
    return [];
  }
  const tags = Array.isArray(value) ? value : [value];
  return [...new Set(tags)].map((tag) => TAG + readName(tag, name));
}

/**
 * @param {unknown} value
 * @param {string} name
 * @returns {string[]}
 */
function readKey(value, name) {
  return value === undefined || value === null
    ? []
    : [KEY + readName(value, name)];
}

/**
 * Returns the fields of an operation with FLAG.CACHE: the ages, the labels.
 * @param {any} cache
 * @returns {string[]}
 */
function readCache(cache) {
  if (cache === null || typeof cache !== 'object') {
    throw argumentError('cache must be an object with ttlMillis');
  }
  checkKeysAs(cache, QUERY_KEYS, 'unknown option cache.');
  const { ttlMillis, staleIfErrorMillis } = cache;
  const ttl = readAge(ttlMillis, 'cache.ttlMillis');
  const stale = readAge(staleIfErrorMillis ?? 0, 'cache.staleIfErrorMillis');
  const labels = [
    ...readKey(cache.key, 'cache.key'),
    ...readTags(cache.tags, 'cache.tags'),
  ];
  return [`${ttl} ${stale} ${labels.length}`, ...labels];
}

/**
 * Returns the fields of OP.INVALIDATE; none mean everything.
 * @param {any} what a tag, or {tag, tags, key}
 * @returns {string[]}
 */
function readInvalidation(what) {
  if (what === undefined) {
    return [];
  }
  if (typeof what === 'string' || Array.isArray(what)) {
    return someOf(readTags(what, 'tag'));
  }
  if (what === null || typeof what !== 'object') {
    throw argumentError(
      'invalidate() takes a tag, {tag, tags, key} or nothing',
    );
  }
  checkKeysAs(what, INVALIDATE_KEYS, 'unknown option invalidate().');
  return someOf([
    ...readTags(what.tag, 'tag'),
    ...readTags(what.tags, 'tags'),
    ...readKey(what.key, 'key'),
  ]);
}

/**
 * Refuses an empty list, which must not mean "everything".
 * @param {string[]} labels
 * @returns {string[]}
 */
function someOf(labels) {
  if (labels.length === 0) {
    throw argumentError(
      'invalidate() was given no tag and no key: leave out the argument to ' +
        'forget everything',
    );
  }
  return labels;
}

/**
 * Returns the error of a client's query() with `cache`.
 * @returns {Error}
 */
function leaseError() {
  return paramError(
    'cache is for pool.query(): what a client reads may depend on its ' +
      'transaction',
  );
}

module.exports = { leaseError, readCache, readInvalidation };
