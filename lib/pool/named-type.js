// SPDX-License-Identifier: MIT
'use strict';

// type(name) of a pool or client: a type of the database, to make parameters of.

const { argumentError } = require('../validate/argument-error.js');
const { paramError } = require('../errors/errors.js');
const { TypeWriter } = require('../values/catalog/type-writer.js');
const { encodeParam } = require('../values/params.js');
const { askPool, questionOf } = require('./type-lookup.js');

/** A name is the catalogue's, with or without a schema, as of parsers. */
const SQL = `select (case when $2::text = 'array' then t.typarray else t.oid end)
  ::pg_catalog.int8
from pg_catalog.pg_type t
  join pg_catalog.pg_namespace n on n.oid = t.typnamespace
where n.nspname || '.' || t.typname = $1::text
  or (t.typname = $1::text and pg_catalog.pg_type_is_visible(t.oid))
order by t.typname = $1::text desc limit 1`;

const ARRAY = '[]';

/** A type whose definition was looked up. */
class NamedType {
  #oid;
  #writer;

  /**
   * @param {string} name as it was asked for
   * @param {number} oid
   * @param {TypeWriter} writer
   */
  constructor(name, oid, writer) {
    this.name = name;
    this.#oid = oid;
    this.#writer = writer;
  }

  /**
   * Returns a parameter. Throws what is wrong with the value.
   * @param {any} value
   */
  value(value) {
    const text = this.#writer.write(this.#oid, value, encodeParam);
    return text === null ? null : Object.freeze({ toPostgres: () => text });
  }
}

/**
 * Asks the catalogue, on some connection.
 * @callback Ask
 * @param {import('./type-lookup.js').Question} question
 * @returns {Promise<import('../values/results.js').Result>}
 */

/**
 * Returns the OID of a type, 0 if there is none.
 * @param {Ask} ask
 * @param {string} name
 * @returns {Promise<number>}
 */
async function oidOf(ask, name) {
  const find = async (/** @type {string[]} */ ...values) => {
    const { rows } = await ask([SQL, values]);
    return Number(rows[0]?.[0] ?? 0);
  };
  const array = name.endsWith(ARRAY)
    ? await find(name.slice(0, -ARRAY.length), 'array')
    : 0;
  // A name may really end so.
  return array === 0 ? find(name, 'single') : array;
}

/**
 * @param {Ask} ask
 * @param {unknown} name
 * @returns {Promise<NamedType>}
 */
async function namedType(ask, name) {
  if (typeof name !== 'string' || name === '') {
    throw argumentError('type() takes the name of a type');
  }
  const oid = await oidOf(ask, name);
  const { rows } = oid === 0 ? { rows: [] } : await ask(questionOf([oid]));
  if (rows.length === 0) {
    throw paramError(
      `there is no type ${JSON.stringify(name)} in the search_path: ` +
        'write its schema in front, and its name without quotes',
    );
  }
  const entries = new Map();
  for (const [json] of rows) {
    const entry = JSON.parse(json);
    entries.set(entry.oid, entry);
  }
  return new NamedType(name, oid, new TypeWriter((one) => entries.get(one)));
}

/**
 * @param {import('./pool-core.js').PoolCore} core
 * @param {unknown} name
 */
function namedTypeOfPool(core, name) {
  return namedType((question) => {
    core.refuseAfterEnd();
    return askPool(core, question);
  }, name);
}

module.exports = { namedType, namedTypeOfPool };
