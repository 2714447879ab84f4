// SPDX-License-Identifier: MIT
'use strict';

// What is known of a database's types, beyond those whose parsers are built in.
// Nothing here asks the server: lib/pool/type-lookup.js does.
//
// When a type is trusted is two lines here and not a policy of the engine's,
// because the engine never has types: rows are read in JavaScript, in the
// thread that looked the types up.

/**
 * How long a type is trusted, as names of prepared statements are: it may be
 * altered by others, and the database may be replaced by another of its name.
 */
const TRUSTED_MILLIS = 10000;

/** Above this many types everything is forgotten. */
const TYPES_MAX = 10000;

/** OIDs below it are the server's own, and never change. */
const FIRST_OF_USERS = 16384;

/**
 * The server's own single types: not looked up, and text where no parser is set.
 * @type {ReadonlySet<number>}
 */
const TEXTS = new Set([
  16, 17, 20, 21, 23, 26, 114, 600, 700, 701, 718, 1082, 1114, 1184, 1186, 3802,
  18, 19, 25, 28, 29, 24, 27, 142, 194, 601, 602, 603, 604, 628, 650, 705, 774,
  790, 829, 869, 1033, 1042, 1043, 1083, 1266, 1560, 1562, 1700, 1790, 2202,
  2203, 2204, 2205, 2206, 2249, 2278, 2950, 2970, 3220, 3614, 3615, 3642, 3734,
  3769, 4072, 4089, 4096, 5038, 5069,
]);

/**
 * A type. `of` is the element of an array, the base of a domain, the subtype of
 * a range or a multirange; 0 where there is none.
 * @typedef {object} TypeEntry
 * @property {number} oid
 * @property {'array' | 'composite' | 'domain' | 'enum' | 'multirange' | 'range' |
 *   'text'} kind
 * @property {string} schema
 * @property {string} name as the catalogue has it, such as `mood` or `_mood`
 * @property {string} alias `mood[]` for an array of `mood`, else empty
 * @property {boolean} visible whether the name alone means this type
 * @property {number} of
 * @property {string} delimiter between the elements of an array
 * @property {readonly {name: string, oid: number}[]} attributes of a composite
 * @property {number} at when it was looked up, in ms; -Infinity = to be looked
 *   up again
 */

/** The types of one database, as far as they were needed. */
class Catalog {
  /** @type {Map<number, TypeEntry>} */
  #entries = new Map();
  #expired = 0;

  /** How often expire() was called. */
  get generation() {
    return this.#expired;
  }

  /**
   * Returns a type that may be used, undefined if it has to be looked up.
   * @param {number} oid
   * @param {number} now
   * @returns {TypeEntry | undefined}
   */
  find(oid, now) {
    const entry = this.#entries.get(oid);
    return entry !== undefined && isTrusted(entry, now) ? entry : undefined;
  }

  /**
   * Returns a type however old it is, for one that was dropped.
   * @param {number} oid
   * @returns {TypeEntry | undefined}
   */
  last(oid) {
    return this.#entries.get(oid);
  }

  /**
   * @param {TypeEntry[]} entries
   * @param {number} generation when the question was sent: what has expired
   *   since is used once
   */
  add(entries, generation) {
    if (this.#entries.size + entries.length > TYPES_MAX) {
      this.#entries.clear();
    }
    for (const entry of entries) {
      entry.at = generation === this.#expired ? entry.at : -Infinity;
      this.#entries.set(entry.oid, entry);
    }
  }

  /** A type may have been altered. */
  expire() {
    this.#expired += 1;
    for (const entry of this.#entries.values()) {
      entry.at = -Infinity;
    }
  }

  get size() {
    return this.#entries.size;
  }
}

/**
 * @param {TypeEntry} entry
 * @param {number} now
 */
function isTrusted(entry, now) {
  return entry.oid < FIRST_OF_USERS || now - entry.at < TRUSTED_MILLIS;
}

module.exports = { Catalog, TEXTS, TRUSTED_MILLIS, TYPES_MAX };
