// SPDX-License-Identifier: MIT
'use strict';

// The type registry: which function converts the server's text of a type to a
// JavaScript value. Same names, same defaults and same results as `pg.types`.
//
// The engine decodes a few types itself, in C, as long as nobody has set
// another parser for them; `builtinMask` tells it which.

const { argumentError } = require('../validate/argument-error.js');
const { DECODE } = require('../protocol/operations.js');
const { arrayParser } = require('./types/array.js');
const { addNames, oidOf, setNamedParser } = require('./named-parsers.js');
const { builtins } = require('./types/oids.js');
const { builtinParsers, parseText } = require('./types/parsers.js');

/** @typedef {import('./types/parsers.js').TypeParser} TypeParser */
/** @typedef {'text' | 'binary'} TypeFormat */
/** @typedef {Record<number, TypeParser | undefined>} ParserTable */

/**
 * What `types` in a pool's or a query's options has to provide.
 * @typedef {object} CustomTypes
 * @property {(oid: number, format?: any) => TypeParser} getTypeParser
 */

/** The types the engine decodes, while their parsers are the built-in ones. */
const DECODED = Object.entries(DECODE).map(([name, bit]) => {
  const oid = builtins[name];
  return { bit, oid, parser: builtinParser(oid) };
});

/**
 * @returns {Record<TypeFormat, ParserTable>}
 */
function emptyTables() {
  // No prototype: the format may come from outside.
  return Object.assign(Object.create(null), {
    text: Object.create(null),
    binary: Object.create(null),
  });
}

const tables = emptyTables();
for (const [oid, parser] of builtinParsers) {
  tables.text[oid] = parser;
}

/** Counts the calls of any setTypeParser, so that masks can be cached. */
let epoch = 0;
let globalMask = 0;
let globalMaskEpoch = -1;

/**
 * Stores a parser; without a function the type becomes plain text, as in pg.
 * @param {Record<TypeFormat, ParserTable>} into
 * @param {object} types which has these tables
 * @param {number | string} type its OID or its name
 * @param {TypeFormat | TypeParser} formatOrParser
 * @param {TypeParser} [parser]
 */
function store(into, types, type, formatOrParser, parser) {
  const short = typeof formatOrParser === 'function';
  const format = short ? 'text' : formatOrParser || 'text';
  const chosen = short ? formatOrParser : parser;
  if (format !== 'text' && format !== 'binary') {
    throw argumentError("the format of a type parser is 'text' or 'binary'");
  }
  if (chosen && typeof chosen !== 'function') {
    throw argumentError(`the parser of type ${type} is not a function`);
  }
  const oid = oidOf(type);
  if (oid !== undefined) {
    into[format][oid] = chosen || undefined;
    epoch += 1;
  } else if (format === 'text') {
    setNamedParser(types, /** @type {string} */ (type), chosen || undefined);
  }
}

/**
 * Returns the parser of a type. Types without one stay text.
 * @param {number} oid
 * @param {TypeFormat} [format]
 * @returns {TypeParser}
 */
function getTypeParser(oid, format) {
  const table = tables[format || 'text'];
  return table?.[oid] || parseText;
}

/**
 * Sets the parser of a type for every pool of this process.
 * @param {number | string} oid or the type's name
 * @param {TypeFormat | TypeParser} format
 * @param {TypeParser} [parser]
 */
function setTypeParser(oid, format, parser) {
  store(tables, registry, oid, format, parser);
}

/**
 * @param {number} oid
 * @returns {TypeParser}
 */
function builtinParser(oid) {
  return builtinParsers.get(Number(oid)) || parseText;
}

/**
 * Returns whether the process-wide parser of a type is still the built-in one.
 * @param {number} oid
 * @returns {boolean}
 */
function isBuiltin(oid) {
  return getTypeParser(oid, 'text') === builtinParser(oid);
}

/**
 * @param {CustomTypes} types
 * @returns {number}
 */
function computeMask(types) {
  let mask = 0;
  for (const { bit, oid, parser } of DECODED) {
    if (types.getTypeParser(oid, 'text') === parser) {
      mask |= bit;
    }
  }
  return mask;
}

/** What `builtinMask` was, and at which epoch. */
const MASK = Symbol('holdfast.mask');
const MASK_EPOCH = Symbol('holdfast.mask-epoch');

/**
 * A pool's or client's own parsers, in front of the process-wide ones. Its state
 * is in the properties that pg's class has, so that a copy works, too: ORMs
 * clone their options.
 */
class TypeOverrides {
  /** @type {number} */
  [MASK] = 0;
  /** @type {number} */
  [MASK_EPOCH] = -1;

  /** @param {CustomTypes | null} [base] */
  constructor(base) {
    if (base && typeof base.getTypeParser !== 'function') {
      throw argumentError('types needs a function getTypeParser(oid, format)');
    }
    /** @type {CustomTypes} */
    this._types = base || registry;
    /** @type {ParserTable} */
    this.text = {};
    /** @type {ParserTable} */
    this.binary = {};
    addNames(this, this._types);
  }

  /**
   * @param {TypeFormat} format
   * @returns {ParserTable}
   */
  getOverrides(format) {
    return format === 'text' || format === 'binary' ? this[format] : {};
  }

  /**
   * @param {number} oid
   * @param {TypeFormat} [format]
   * @returns {TypeParser}
   */
  getTypeParser(oid, format) {
    const wanted = format || 'text';
    const own = this.getOverrides(wanted)[oid];
    return own || this._types.getTypeParser(oid, wanted);
  }

  /**
   * @param {number | string} oid or the type's name
   * @param {TypeFormat | TypeParser} format
   * @param {TypeParser} [parser]
   */
  setTypeParser(oid, format, parser) {
    store(this, this, oid, format, parser);
  }

  /**
   * Returns `builtinMask` for these parsers.
   * @returns {number}
   */
  builtinMask() {
    // A foreign object's parsers may change unnoticed, and a copy's base is one.
    if (this._types !== registry) {
      return computeMask(this);
    }
    if (this[MASK_EPOCH] !== epoch) {
      this[MASK] = computeMask(this);
      this[MASK_EPOCH] = epoch;
    }
    return this[MASK];
  }
}

/**
 * Returns separate parsers in front of `base` (the process-wide ones).
 * @param {CustomTypes | null} [base]
 * @returns {TypeOverrides}
 */
function createTypeOverrides(base) {
  return new TypeOverrides(base);
}

/**
 * Returns the bits of DECODE whose types still have their built-in parser.
 * @param {CustomTypes | TypeOverrides | null} [types]
 * @returns {number}
 */
function builtinMask(types) {
  if (types instanceof TypeOverrides) {
    return types.builtinMask();
  }
  if (types && types !== registry) {
    return computeMask(types);
  }
  if (globalMaskEpoch !== epoch) {
    globalMask = computeMask(registry);
    globalMaskEpoch = epoch;
  }
  return globalMask;
}

const registry = {
  getTypeParser,
  setTypeParser,
  arrayParser,
  builtins,
  createTypeOverrides,
  isBuiltin,
  builtinMask,
  TypeOverrides,
};

addNames(registry, undefined);

module.exports = registry;
