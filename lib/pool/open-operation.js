// SPDX-License-Identifier: MIT
'use strict';

// A pool's options as the engine gets them.

/** @typedef {readonly (readonly [string, string])[]} Pairs */

/**
 * Returns the fields of HF_OP_OPEN: the key, then names and values.
 * @param {import('../options/options.js').Resolved} resolved
 * @param {{key: string, written: Pairs} | undefined} shared the key
 *   of a shared pool, and the sizes that were set
 * @returns {string[]}
 */
function openOperation(resolved, shared) {
  const { target, settings, password, onConnect } = resolved;
  const engine = new Map([...resolved.engine, ...(shared?.written ?? [])]);
  const fields = [shared?.key ?? ''];
  for (const [name, text] of engine) {
    fields.push(name, text);
  }
  for (const [name, text] of target) {
    fields.push(`pg.${name}`, text);
  }
  for (const [name, text] of settings) {
    fields.push(`set.${name}`, text);
  }
  if (typeof password === 'function') {
    fields.push('has.password', '1');
  }
  if (typeof onConnect === 'string' && onConnect !== '') {
    fields.push('sql.onConnect', onConnect);
  }
  return fields;
}

module.exports = { openOperation };
