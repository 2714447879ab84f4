// SPDX-License-Identifier: MIT
'use strict';

// The engine's judge of failures. The loaders of the engine, which are above
// this folder, register it here: lib/engine/native.js and edge-core.js.

/**
 * The part of the engine's core that errors are made with.
 * @typedef {object} Judge
 * @property {import('../engine/native.js').Addon['classify']} classify
 * @property {import('../engine/native.js').Addon['statuses']} statuses
 */

/** @type {() => Judge} */
let core = () => {
  throw new Error('pg-holdfast: the engine was not loaded');
};

/** @param {() => Judge} load */
function provideCore(load) {
  core = load;
}

/**
 * Judges a failure by numbers of FACT and the fields of an ErrorResponse.
 * @param {Int32Array} facts
 * @param {Record<string, string | undefined>} fields
 */
function judge(facts, fields) {
  return core().classify(
    facts,
    fields.C,
    fields.R,
    undefined,
    undefined,
    fields.y,
    undefined,
    fields.M,
  );
}

/** @returns {{code: string, text: string}[]} by STATUS */
function statuses() {
  return core().statuses();
}

module.exports = { judge, provideCore, statuses };
