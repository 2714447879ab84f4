// SPDX-License-Identifier: MIT
'use strict';

// Functions among the options of a shared pool count by reference, as they
// cannot be compared. In development a reloaded module has new functions; those
// replace the old ones.

const path = require('node:path');
const { threadId } = require('node:worker_threads');

const { state } = require('../platform/shared-state.js');

/** @typedef {import('../platform/shared-state.js').Shared} Shared */

/**
 * Where a function came from.
 * @typedef {object} Origin
 * @property {string} source its text
 * @property {string} file of the code that called getPool()
 * @property {WeakRef<object> | undefined} module of that file
 * @property {object} load of these modules
 */

/** This load of these modules: another one is a reload of everything. */
const LOAD = {};

const FRAMES = 30;

/** Code that is never loaded twice. */
const ONCE = /^(\[eval\d*\]|\[stdin\]|REPL\d*)(-wrapper)?$/;

/**
 * The folder of our own frames, which are between getPool() and its caller. In
 * an ES module that a bundler made, they are in the same file as the caller's.
 */
const OURS =
  typeof __dirname === 'string'
    ? `${path.dirname(__dirname)}${path.sep}`
    : '\0';

/**
 * Returns the file of the code that called getPool(), '' where it is unknown.
 * @returns {string}
 */
function callerFile() {
  const { prepareStackTrace, stackTraceLimit } = Error;
  const holder = { stack: /** @type {any} */ ('') };
  try {
    Error.stackTraceLimit = FRAMES;
    Error.prepareStackTrace = (_error, sites) =>
      sites
        .map((site) => site.getFileName() ?? (site.isEval() ? 'eval' : OURS))
        .find((file) => !file.startsWith(OURS)) ?? '';
    Error.captureStackTrace(holder, callerFile);
    return String(holder.stack ?? '');
  } catch {
    return '';
  } finally {
    Error.prepareStackTrace = prepareStackTrace;
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/**
 * @param {string} file
 * @returns {object | undefined} CommonJS's module of it
 */
function moduleOf(file) {
  const { _cache } = /** @type {any} */ (require('node:module'));
  return _cache?.[file];
}

/**
 * @param {unknown} value
 * @returns {Origin | undefined}
 */
function originOf(value) {
  if (typeof value !== 'function') {
    return undefined;
  }
  const file = callerFile();
  const module = moduleOf(file);
  return {
    source: Function.prototype.toString.call(value),
    file,
    module: module && new WeakRef(module),
    load: LOAD,
  };
}

/**
 * Returns whether code was reloaded between two calls of getPool(). Functions
 * with the same text that one module makes twice are closures, and may differ
 * in what they capture.
 * @param {Origin} old
 * @param {Origin} now
 * @returns {boolean}
 */
function isReloaded(old, now) {
  if (old.load !== now.load) {
    return true;
  }
  const [before, after] = [old.file, now.file].map(
    (file) => file.split('?', 1)[0],
  );
  if (before !== after || ONCE.test(after)) {
    return false;
  }
  if (old.file !== now.file) {
    return true; // another query: an ES module that was imported anew
  }
  if (now.module !== undefined || old.module !== undefined) {
    return old.module?.deref() !== now.module?.deref();
  }
  // Modules of a bundler have a loader of their own, which hides its reloads.
  return !now.file.startsWith('file:');
}

/**
 * Returns the mark of a function or object; makes it at the first sight.
 * @param {object} value
 * @returns {import('../platform/shared-state.js').Mark}
 */
function markOf(value) {
  let mark = state.marks.get(value);
  if (mark === undefined) {
    state.lastMark += 1;
    mark = {
      id: `${threadId}.${state.lastMark}`,
      origin: originOf(value),
    };
    state.marks.set(value, mark);
  }
  return mark;
}

/**
 * Returns whether `value` is `old` after a reload.
 * @param {object | undefined} old
 * @param {object | undefined} value
 */
function isSameAnew(old, value) {
  if (old === value || value === undefined) {
    return old === value;
  }
  const before = old && state.marks.get(old)?.origin;
  const after = state.marks.get(value)?.origin;
  return (
    before !== undefined &&
    after !== undefined &&
    before.source === after.source &&
    isReloaded(before, after)
  );
}

/**
 * In development: finds the pool whose functions these are after a reload, and
 * gives them the marks of those they replace.
 * @param {Iterable<Shared>} pools that differ by functions only
 * @param {readonly (object | undefined)[]} refs
 * @returns {Shared | undefined}
 */
function takeOver(pools, refs) {
  if (process.env.NODE_ENV === 'production') {
    return undefined;
  }
  for (const shared of pools) {
    const old = shared.refs.map((ref) => ref?.deref());
    if (refs.every((value, i) => isSameAnew(old[i], value))) {
      refs.forEach((value, i) => {
        if (value !== undefined) {
          inherit(old[i], value);
        }
      });
      shared.refs = refs.map((value) => value && new WeakRef(value));
      return shared;
    }
  }
  return undefined;
}

/**
 * @param {object | undefined} old
 * @param {object} value
 */
function inherit(old, value) {
  const before = old && state.marks.get(old);
  const after = state.marks.get(value);
  if (before !== undefined && after !== undefined) {
    after.id = before.id;
  }
}

module.exports = { markOf, takeOver };
