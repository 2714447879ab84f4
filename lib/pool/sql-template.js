// SPDX-License-Identifier: MIT
'use strict';

// `` pool.sql`…` `` and `` client.sql`…` ``: statements as templates.

const { currentContext, enter, leave } = require('../retry/context.js');
const {
  SqlFragment,
  invalid,
  readTemplate,
  textOf,
} = require('./sql-fragment.js');
const helpers = require('./sql-helpers.js');

/** @typedef {{query: (config: any) => Promise<any> | undefined}} Queryable */
/** @typedef {((strings: any, ...values: unknown[]) => SqlQuery) & typeof helpers} Tag */

/**
 * A statement that runs when it is awaited, once. In another template it is a
 * part of that one and does not run; and query() takes it, for it has what a
 * config has.
 */
class SqlQuery extends SqlFragment {
  /** @type {string} */
  text;
  /** @type {unknown[]} */
  values;
  #owner;
  /** A retry helper knows of what is begun while its function is called. */
  #run = currentContext();
  /** @type {Promise<any> | undefined} */
  #promise = undefined;

  /**
   * @param {Queryable} owner
   * @param {import('./sql-fragment.js').Parts} parts
   */
  constructor(owner, parts) {
    super(parts);
    this.#owner = owner;
    this.text = textOf(parts);
    this.values = [...parts.values];
  }

  /**
   * Runs it, each time it is called.
   * @param {object} [options] as of query(), but its text and values
   * @returns {Promise<any>}
   */
  execute(options) {
    if (options !== undefined && typeof options !== 'object') {
      return Promise.reject(invalid('execute() takes an object of options'));
    }
    const { text, values } = this;
    const config = { ...options, text, values };
    const before = this.#run && enter(this.#run);
    try {
      return /** @type {Promise<any>} */ (this.#owner.query(config));
    } finally {
      if (this.#run !== undefined) {
        leave(before);
      }
    }
  }

  /**
   * @param {((result: any) => any) | null} [onResult]
   * @param {((error: any) => any) | null} [onError]
   * @returns {Promise<any>}
   */
  // biome-ignore lint/suspicious/noThenProperty: to be awaited
  then(onResult, onError) {
    this.#promise ??= this.execute();
    return this.#promise.then(onResult, onError);
  }

  /**
   * @param {((error: any) => any) | null} [onError]
   * @returns {Promise<any>}
   */
  catch(onError) {
    return this.then(undefined, onError);
  }

  /**
   * @param {(() => void) | null} [onSettled]
   * @returns {Promise<any>}
   */
  finally(onSettled) {
    return this.then().finally(onSettled);
  }
}

/** @type {WeakMap<Queryable, Tag>} */
const tags = new WeakMap();

/**
 * Returns the template tag of a pool or a client.
 * @param {Queryable} owner
 * @returns {Tag}
 */
function sqlOf(owner) {
  let tag = tags.get(owner);
  if (tag === undefined) {
    const sql = (
      /** @type {any} */ strings,
      /** @type {unknown[]} */ ...values
    ) => new SqlQuery(owner, readTemplate(strings, values, 'sql'));
    tag = Object.freeze(Object.assign(sql, helpers));
    tags.set(owner, tag);
  }
  return tag;
}

module.exports = { sqlOf };
