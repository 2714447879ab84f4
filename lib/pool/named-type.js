// SPDX-License-Identifier: MIT
'use strict';

// pool.type(name): a type of the database, to make parameters of.

const { paramError } = require('../errors/errors.js');
const { TypeWriter } = require('../values/catalog/type-writer.js');
const { encodeParam } = require('../values/params.js');
const { TypeLookup } = require('./type-lookup.js');

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
 * @param {import('./pool-core.js').PoolCore} core
 * @param {unknown} name
 * @returns {Promise<NamedType>}
 */
async function namedType(core, name) {
  if (typeof name !== 'string' || name === '') {
    throw new TypeError('type() takes the name of a type');
  }
  core.refuseAfterEnd();
  const lookup = core.lookup ?? new TypeLookup(core, false);
  const isArray = name.endsWith(ARRAY);
  const single = isArray ? name.slice(0, -ARRAY.length) : name;
  const oid = await lookup.oidOf(SQL, [single, isArray ? 'array' : 'single']);
  const entries = oid === 0 ? undefined : await lookup.definition(oid);
  if (entries === undefined) {
    throw paramError(
      `there is no type ${JSON.stringify(name)} in the search_path: ` +
        'write its schema in front, and its name without quotes',
    );
  }
  return new NamedType(name, oid, new TypeWriter((one) => entries.get(one)));
}

module.exports = { namedType };
