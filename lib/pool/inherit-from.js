// SPDX-License-Identifier: MIT
'use strict';

// instanceof for libraries that test for the classes of a `pg` that is
// installed beside this package. Nothing of pg's is changed: our prototypes
// inherit from its prototypes, and none of its methods shows through.

const { EventEmitter } = require('node:events');

const { PoolClient } = require('./client.js');
const { Client, Pool } = require('./pool.js');

/**
 * Returns an object between our prototype and pg's that hides pg's members.
 * @param {object} theirs
 */
function coverOf(theirs) {
  const cover = Object.create(theirs);
  let from = theirs;
  while (from !== EventEmitter.prototype && from !== Object.prototype) {
    for (const name of Object.getOwnPropertyNames(from)) {
      const value = /** @type {any} */ (EventEmitter.prototype)[name];
      Object.defineProperty(cover, name, { configurable: true, value });
    }
    from = Object.getPrototypeOf(from);
  }
  return cover;
}

/**
 * Makes `instanceof pg.Pool` and `instanceof pg.Client` hold for the pools and
 * clients of this package, those that exist included. The last call counts.
 * @param {any} pg what `require('pg')` gives
 */
function inheritFrom(pg) {
  const { Pool: TheirPool, Client: TheirClient } = pg ?? {};
  for (const theirs of [TheirPool, TheirClient]) {
    if (!(theirs?.prototype instanceof EventEmitter)) {
      throw new TypeError("inheritFrom() takes what require('pg') gives");
    }
  }
  if (TheirPool === Pool) {
    return; // an alias: pg is this package
  }
  Object.setPrototypeOf(Pool.prototype, coverOf(TheirPool.prototype));
  for (const ours of [Client, PoolClient]) {
    Object.setPrototypeOf(ours.prototype, coverOf(TheirClient.prototype));
  }
}

module.exports = { inheritFrom };
