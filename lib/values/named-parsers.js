// SPDX-License-Identifier: MIT
'use strict';

// Parsers by the name of a type. A name is one of the catalogue's, without
// quotes: `mood` means the type that this name alone finds in the search_path of
// the session that looks the type up, `app.mood` the one of a schema, and
// `mood[]` an array of it. Objects of parsers are asked in their own order, so
// the tables are kept beside them.

const { argumentError } = require('../validate/argument-error.js');
const { builtins, spellings } = require('./types/oids.js');

/** @typedef {import('./types/parsers.js').TypeParser} TypeParser */
/** @typedef {import('./catalog/catalog.js').TypeEntry} TypeEntry */

/**
 * @typedef {object} Names
 * @property {Map<string, TypeParser>} own
 * @property {object | undefined} base asked for names that are not here
 */

/** @type {WeakMap<object, Names>} */
const tables = new WeakMap();

let epoch = 0;

/** Returns a number that changes when a parser is set by name; 0 = none is. */
function namesEpoch() {
  return epoch;
}

const DIGITS = /^\d+$/;

/**
 * Returns the OID that is meant by a number, its text, or the name of a type
 * that every database has; undefined for another name.
 * @param {unknown} type
 * @returns {number | undefined}
 */
function oidOf(type) {
  if (typeof type !== 'string' || DIGITS.test(type)) {
    return /** @type {number} */ (type);
  }
  return builtinOf(type);
}

/**
 * @param {string} type
 * @returns {number | undefined}
 */
function builtinOf(type) {
  const upper = type.toUpperCase();
  const name = Object.hasOwn(spellings, upper) ? spellings[upper] : upper;
  return Object.hasOwn(builtins, name) ? builtins[name] : undefined;
}

/**
 * The name of an array's elements, '' of another name.
 * @param {string} name
 */
function elementOf(name) {
  const plain = name.replace(/^pg_catalog\./, '');
  if (plain.endsWith('[]')) {
    return plain.slice(0, -2);
  }
  return plain.startsWith('_') ? plain.slice(1) : '';
}

/**
 * Arrays of built-in types are never looked up, so no name would find them.
 * @param {string} name
 */
function refuseBuiltinArray(name) {
  if (builtinOf(elementOf(name)) !== undefined) {
    throw argumentError(
      `'${name}' is an array of a built-in type: give its OID, as in pg`,
    );
  }
}

/**
 * Lets an object of parsers be asked before another.
 * @param {object} types
 * @param {object | undefined} base
 */
function addNames(types, base) {
  tables.set(types, { own: new Map(), base });
}

/**
 * @param {object} types
 * @param {string} name
 * @param {TypeParser | undefined} parser none = as if it had never been set
 */
function setNamedParser(types, name, parser) {
  if (name === '' || name.includes('\0')) {
    throw argumentError('the name of a type must not be empty or have a NUL');
  }
  refuseBuiltinArray(name);
  if (!tables.has(types)) {
    addNames(types, undefined); // a copy, as ORMs make of their options
  }
  const names = /** @type {Names} */ (tables.get(types));
  if (parser === undefined) {
    names.own.delete(name);
  } else {
    names.own.set(name, parser);
  }
  epoch += 1;
}

/**
 * Returns the names that mean a type.
 * @param {TypeEntry} entry
 * @returns {string[]}
 */
function namesOf({ schema, name, visible, alias }) {
  const names = [name, ...(alias === '' ? [] : [alias])];
  const full = names.map((one) => `${schema}.${one}`);
  return visible ? [...full, ...names] : full;
}

/**
 * Returns the parser that was set for the name of a type.
 * @param {object} types
 * @param {TypeEntry} entry
 * @returns {TypeParser | undefined}
 */
function namedParser(types, entry) {
  if (epoch === 0) {
    return undefined;
  }
  const wanted = namesOf(entry);
  /** @type {object | undefined} */
  let at = types;
  while (at !== undefined) {
    const names = tables.get(at);
    for (const name of wanted) {
      const parser = names?.own.get(name);
      if (parser !== undefined) {
        return parser;
      }
    }
    at = names?.base;
  }
  return undefined;
}

module.exports = {
  addNames,
  namedParser,
  namesEpoch,
  oidOf,
  setNamedParser,
};
