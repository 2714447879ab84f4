// SPDX-License-Identifier: MIT
'use strict';

// The parsers of a result's types where the catalogue is asked: those that are
// set come first; a type without one gets a parser made of its definition, or is
// noted as missing and stays text until it has been looked up.

const { nowMillis } = require('../../platform/clock.js');
const { namedParser, namesEpoch } = require('../named-parsers.js');
const { parseText } = require('../types/parsers.js');
const { unreadable } = require('../unreadable.js');
const { encodeParam } = require('../params.js');
const { attributeOf } = require('./attribute.js');
const { TEXTS } = require('./catalog.js');
const {
  readArray,
  readMultirange,
  readRange,
  readRecord,
} = require('./literal.js');
const { TypeWriter, WRITE } = require('./type-writer.js');

/** @typedef {import('../types.js').CustomTypes} CustomTypes */
/** @typedef {import('../types/parsers.js').TypeParser} TypeParser */
/** @typedef {import('./catalog.js').Catalog} Catalog */
/** @typedef {import('./catalog.js').TypeEntry} TypeEntry */

/**
 * A parser, and what it was made of.
 * @typedef {object} Made
 * @property {TypeParser} parser
 * @property {TypeEntry[]} entries
 * @property {(readonly [number, TypeParser])[]} leaves parsers that were set
 * @property {number} epoch of the parsers by name
 * @property {Set<number>} named types that are read by a parser of their name
 * @property {TypeWriter} writer of what was read
 */

/** No server has such a type: for it there is no parser. */
const NO_TYPE = 0xffffffff;

/** No type of a server is nested so deeply. */
const DEPTH_MAX = 64;

/**
 * Returns the property by which a value can be sent as it was read.
 * @param {number} oid
 * @param {Made} made
 * @returns {PropertyDescriptor}
 */
function writing(oid, made) {
  return {
    value: (/** @type {unknown} */ value) =>
      made.writer.write(oid, value, encodeParam),
  };
}

/**
 * Returns what writes values that were read with a parser.
 * @param {Made} made
 * @returns {TypeWriter}
 */
function writerOf({ entries, named }) {
  return new TypeWriter((oid) => {
    const entry = entries.find((one) => one.oid === oid);
    return named.has(oid) ? undefined : entry;
  });
}

/**
 * Returns a parser of composites.
 * @param {readonly string[]} names
 * @param {readonly TypeParser[]} parsers
 * @param {PropertyDescriptor} property
 * @returns {TypeParser}
 */
function compositeOf(names, parsers, property) {
  return (text) => {
    const fields = readRecord(text);
    const isEmpty = names.length === 0 && fields.length === 1;
    if (fields.length !== names.length && !(isEmpty && fields[0] === null)) {
      throw unreadable('a composite has other attributes than its type');
    }
    /** @type {Record<string, unknown>} */
    const value = {};
    for (let i = 0; i < names.length; i++) {
      const field = fields[i];
      const parsed = field === null ? null : parsers[i](field);
      if (names[i] === '__proto__') {
        Object.defineProperty(value, names[i], {
          value: parsed,
          configurable: true,
          enumerable: true,
          writable: true,
        });
      } else {
        value[names[i]] = parsed;
      }
    }
    return Object.defineProperty(value, WRITE, property);
  };
}

/** One object of parsers, in front of it the catalogue. */
class TypeReader {
  #base;
  #catalog;
  #parses;
  /** @type {Map<number, Made>} */
  #made = new Map();
  /** What the parsers give where none is set: pg's have one of their own. */
  #none;
  #now = 0;
  #isLast = false;
  /**
   * Types of the current result that have to be looked up.
   * @type {Set<number> | null}
   */
  missing = null;

  /**
   * @param {CustomTypes} base
   * @param {Catalog} catalog
   * @param {boolean} parses whether types without a parser are parsed; if not,
   *   only parsers by name are found
   */
  constructor(base, catalog, parses) {
    this.#base = base;
    this.#none = base.getTypeParser(NO_TYPE, 'text');
    this.#catalog = catalog;
    this.#parses = parses;
  }

  /**
   * Begins with a result.
   * @param {boolean} isLast its types have been looked up: what cannot be read
   *   now is an error
   */
  begin(isLast) {
    this.#now = nowMillis();
    this.#isLast = isLast;
    this.missing = null;
  }

  /**
   * @param {number} oid
   * @param {any} [format]
   * @returns {TypeParser}
   */
  getTypeParser(oid, format) {
    if (format === 'binary') {
      return this.#base.getTypeParser(oid, format);
    }
    const parser = this.#set(oid);
    if (parser !== parseText || TEXTS.has(oid)) {
      return parser;
    }
    const known = this.#made.get(oid);
    if (known !== undefined && this.#isCurrent(known)) {
      return known.parser;
    }
    return this.#make(oid);
  }

  /**
   * Returns the parser that is set for a type, parseText where none is.
   * @param {number} oid
   * @returns {TypeParser}
   */
  #set(oid) {
    const parser = this.#base.getTypeParser(oid, 'text');
    return parser && parser !== this.#none ? parser : parseText;
  }

  /** @param {Made} made */
  #isCurrent({ entries, leaves, epoch }) {
    return (
      epoch === namesEpoch() &&
      entries.every(
        (entry) => this.#catalog.find(entry.oid, this.#now) === entry,
      ) &&
      leaves.every(([oid, parser]) => this.#set(oid) === parser)
    );
  }

  /**
   * @param {number} oid
   * @returns {TypeParser}
   */
  #make(oid) {
    /** @type {Made} */
    const made = {
      named: new Set(),
      writer: /** @type {any} */ (undefined),
      parser: parseText,
      entries: [],
      leaves: [],
      epoch: namesEpoch(),
    };
    made.writer = writerOf(made);
    const parse = this.#parserOf(oid, made, 0);
    if (parse === undefined) {
      this.#note(oid);
      return parseText;
    }
    made.parser = parse === parseText ? parse : this.#guarded(oid, parse, made);
    this.#made.set(oid, made);
    return made.parser;
  }

  /** @param {number} oid */
  #note(oid) {
    this.missing ??= new Set();
    this.missing.add(oid);
  }

  /**
   * What cannot be read may have been altered since its type was looked up: it
   * stays text, and is read again with the type of now.
   * @param {number} oid
   * @param {TypeParser} parse
   * @param {Made} made
   * @returns {TypeParser}
   */
  #guarded(oid, parse, made) {
    return (text) => {
      try {
        return parse(text);
      } catch (error) {
        if (this.#isLast) {
          throw error;
        }
        for (const entry of made.entries) {
          entry.at = -Infinity;
        }
        this.#note(oid);
        return text;
      }
    };
  }

  /**
   * @param {number} oid
   * @param {Made} made gets what the parser is made of
   * @param {number} depth
   * @returns {TypeParser | undefined} undefined: something is not known
   */
  #parserOf(oid, made, depth) {
    const set = this.#set(oid);
    made.leaves.push([oid, set]);
    if (set !== parseText || TEXTS.has(oid)) {
      return set;
    }
    const entry = this.#catalog.find(oid, this.#now);
    if (entry === undefined || depth > DEPTH_MAX) {
      return undefined;
    }
    made.entries.push(entry);
    const named = namedParser(this.#base, entry);
    if (named !== undefined || !this.#parses) {
      made.named.add(oid);
      return named ?? parseText;
    }
    return entry.kind === 'composite'
      ? this.#compositeOf(entry, made, depth)
      : this.#otherOf(entry, made, depth);
  }

  /**
   * @param {TypeEntry} entry
   * @param {Made} made
   * @param {number} depth
   * @returns {TypeParser | undefined}
   */
  #compositeOf({ oid: type, attributes }, made, depth) {
    const parsers = attributes.map(({ oid }) => {
      const parse = this.#parserOf(oid, made, depth + 1);
      return parse && attributeOf(oid, parse);
    });
    if (parsers.includes(undefined)) {
      return undefined;
    }
    const names = attributes.map(({ name }) => name);
    return compositeOf(
      names,
      /** @type {TypeParser[]} */ (parsers),
      writing(type, made),
    );
  }

  /**
   * @param {TypeEntry} entry
   * @param {Made} made
   * @param {number} depth
   * @returns {TypeParser | undefined}
   */
  #otherOf({ oid, kind, of, delimiter }, made, depth) {
    if (kind === 'text' || kind === 'enum') {
      return parseText;
    }
    const parse = this.#parserOf(of, made, depth + 1);
    if (parse === undefined || kind === 'domain') {
      return parse;
    }
    if (kind === 'array') {
      return (text) => readArray(text, delimiter, parse);
    }
    const read = kind === 'range' ? readRange : readMultirange;
    const property = writing(oid, made);
    return (text) => Object.defineProperty(read(text, parse), WRITE, property);
  }
}

module.exports = { TypeReader };
