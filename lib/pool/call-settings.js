// SPDX-License-Identifier: MIT
'use strict';

// Settings of calls: names and values that hold in the transaction of a
// statement, and nowhere else. The engine sends them in front of it.

const { argumentError } = require('../validate/argument-error.js');
const { assertSettings, putSetting } = require('../options/settings.js');

/** As many as anybody needs; the engine takes some more. */
const SETTINGS_MAX = 100;

/** What belongs to a transaction as a whole, and has an option there. */
const OF_TRANSACTION = /^transaction_/;

/** Settings that were checked. */
class CallSettings {
  /** @type {ReadonlyMap<string, string>} */
  #values;
  /**
   * Name, value, ..., as the port takes them.
   * @type {readonly string[]}
   */
  fields;

  /** @param {ReadonlyMap<string, string>} values by name */
  constructor(values) {
    this.#values = values;
    this.fields = [...values].flat();
  }

  get count() {
    return this.#values.size;
  }

  /**
   * Returns these settings and others, which win.
   * @param {CallSettings} others
   * @returns {CallSettings}
   */
  with(others) {
    return new CallSettings(new Map([...this.#values, ...others.#values]));
  }
}

/**
 * Reads the option `settings`. Unlike in a pool's options, a value must be
 * there: without its tenant a statement must not run.
 * @param {any} given
 * @returns {CallSettings | null} null when there are none
 */
function readCallSettings(given) {
  if (given === undefined || given === null) {
    return null;
  }
  if (given instanceof CallSettings) {
    return given;
  }
  assertSettings(given, 'settings');
  const entries = Object.entries(given);
  if (entries.length > SETTINGS_MAX) {
    throw argumentError(
      `settings has more than ${SETTINGS_MAX} names`,
      RangeError,
    );
  }
  /** @type {Map<string, string>} */
  const values = new Map();
  for (const [name, value] of entries) {
    const key = `settings.${name.slice(0, 64)}`;
    const text = typeof value === 'bigint' ? String(value) : value;
    putSetting(values, name, text, key);
    if (OF_TRANSACTION.test(name.toLowerCase())) {
      throw argumentError(
        `${key} belongs to a transaction as a whole: use readOnly, or the ` +
          'options of transaction()',
      );
    }
  }
  return values.size === 0 ? null : new CallSettings(values);
}

/**
 * @param {CallSettings | null} outer
 * @param {CallSettings | null} inner which wins
 * @returns {CallSettings | null}
 */
function mergeSettings(outer, inner) {
  return outer !== null && inner !== null
    ? outer.with(inner)
    : (inner ?? outer);
}

/**
 * Adds those that were given with a statement to those of its client or handle.
 * @param {import('./call.js').Call} call
 * @param {unknown} given
 */
function addSettings(call, given) {
  const settings = readCallSettings(given);
  call.hasOwnSettings = settings !== null;
  call.settings = mergeSettings(call.settings, settings);
}

/**
 * Pushes the fields of FLAG.SETTINGS; returns how many.
 * @param {import('../engine/port.js').Port} port
 * @param {CallSettings} settings
 * @param {boolean} own whether they were given with the statement
 * @returns {number}
 */
function pushSettings(port, settings, own) {
  port.push(`${settings.count} ${own ? 1 : 0}`);
  for (const field of settings.fields) {
    port.push(field);
  }
  return settings.fields.length + 1;
}

module.exports = {
  addSettings,
  CallSettings,
  mergeSettings,
  pushSettings,
  readCallSettings,
};
