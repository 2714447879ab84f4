// SPDX-License-Identifier: MIT
'use strict';

// Command words after which nothing durable is left. A retry helper does not
// repeat what comes after a write; these are none. Whether a SELECT wrote is
// for the engine to say: it reads the text.

const HARMLESS = new Set([
  'BEGIN',
  'CLOSE',
  'DEALLOCATE',
  'DECLARE',
  'DISCARD',
  'FETCH',
  'LISTEN',
  'MOVE',
  'RELEASE',
  'RESET',
  'ROLLBACK',
  'SAVEPOINT',
  'SET',
  'SHOW',
  'START',
  'UNLISTEN',
]);

/**
 * @param {string | null} command of a result; null of an empty statement
 * @returns {boolean}
 */
function isHarmless(command) {
  return command === null || HARMLESS.has(command);
}

module.exports = { isHarmless };
