// SPDX-License-Identifier: MIT
// The floors of each part, lowest first: each sees only those before it.
'use strict';

const path = require('node:path');

/**
 * @typedef {object} Area
 * @property {string[]} order floors, lowest first; others may be anywhere
 * @property {(name: string) => string} floorOf the floor of a module
 */

/** @param {string} name as pool/slot */
function folder(name) {
  return path.dirname(name);
}

/** Files that stand in lib itself are floors of their own, cli is one.
 * @param {string} name as lib/pool/pool.js */
function libFloor(name) {
  const [first, second] = name.split('/');
  return first === 'cli' ? first : `${first}/${second}`;
}

/** @type {Record<'core' | 'net' | 'lib', Area>} */
const AREAS = {
  core: {
    order: ['base', 'sql', 'policy', 'pool', 'cache', 'features'],
    floorOf: folder,
  },
  net: {
    order: ['base', 'wire', 'connect', 'conn', 'engine'],
    floorOf: folder,
  },
  lib: {
    order: [
      ...['platform', 'protocol', 'validate', 'errors', 'values', 'wasm'],
      ...['engine', 'observe', 'top', 'retry', 'options', 'pool', 'fallback'],
      ...['pg', 'process', 'index.js', 'index.mjs'],
    ]
      .map((name) => `lib/${name}`)
      .concat('cli'),
    floorOf: libFloor,
  },
};

/**
 * Tables of functions by which a file calls those above it, and what for. A
 * call through any other table counts as a call of whoever fills it in.
 */
const TABLES = {
  hf_pool_io: 'what the core asks of the outside; answers are events, later',
  hf_listener_io: 'the same of the listener',
  hf_health_io: 'the same of health checks',
  hf_post: 'work handed to the loop from another thread',
  hf_job: 'work handed to a worker thread, and its end on the loop',
  hf_resolve_wait: 'the end of looking a name up',
  hf_lookups: 'the end of looking up the names of hosts',
  hf_attempt: 'the end of trying one address',
  hf_connect_options: 'the end of opening a connection',
  hf_conn_callbacks: 'what a connection tells the pool that it belongs to',
};

module.exports = { AREAS, TABLES };
