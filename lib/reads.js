// SPDX-License-Identifier: MIT
'use strict';

// Whether an acknowledged statement may have written something: a retry helper
// does not repeat what comes after a write. The answer errs towards yes. Only
// statements within a helper are looked at.

/** Command words after which nothing durable is left. */
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

/** What may stand before a parenthesis in a text that only reads. */
const CALLABLE = new Set(
  (
    'abs all and any array array_agg array_length as asc avg between bool_and ' +
    'bool_or by case cast ceil ceiling char char_length character_length ' +
    'coalesce concat concat_ws count current_database current_schema ' +
    'current_setting date date_part date_trunc decimal dense_rank desc ' +
    'distinct else every except exists extract filter first_value floor from ' +
    'generate_series greatest having in intersect is join json_agg ' +
    'json_build_array json_build_object json_object_agg jsonb_agg ' +
    'jsonb_build_array jsonb_build_object jsonb_object_agg lag last_value ' +
    'lateral lead least left length like limit lower lpad ltrim max md5 min ' +
    'mod not now ntile null nullif numeric offset on or order over overlay ' +
    'partition percentile_cont percentile_disc pg_backend_pid position power ' +
    'random rank replace right round row row_number row_to_json rpad rtrim ' +
    'select some split_part sqrt stddev string_agg strpos substr substring ' +
    'sum then to_char to_date to_json to_jsonb to_number to_timestamp trim ' +
    'trunc union unnest upper using values varchar variance version when ' +
    'where with within'
  ).split(' '),
);

const READS = /^[\s(]*(?:select|values|table|with)\b/i;
const WRITES =
  /\b(?:insert|update|delete|merge|into|share|call|do|copy|truncate)\b/i;
const CALLS = /([\w$\u0080-\uffff"]+)\s*\(/g;

/**
 * Returns whether a text certainly only reads.
 * @param {string} text
 * @returns {boolean}
 */
function onlyReads(text) {
  if (!READS.test(text) || WRITES.test(text)) {
    return false;
  }
  for (const [, name] of text.matchAll(CALLS)) {
    if (!CALLABLE.has(name.toLowerCase())) {
      return false;
    }
  }
  return true;
}

/**
 * Returns whether a statement that succeeded may have written.
 * @param {string | null} command of its result
 * @param {string} text
 * @returns {boolean}
 */
function mayHaveWritten(command, text) {
  if (command === null || HARMLESS.has(command)) {
    return false;
  }
  return command === 'SELECT' ? !onlyReads(text) : true;
}

module.exports = { mayHaveWritten };
