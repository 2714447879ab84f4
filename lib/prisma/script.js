// SPDX-License-Identifier: MIT
'use strict';

// Scripts of several statements. As one text they are one transaction, in which
// some statements cannot run; those run by themselves, the others in groups.

const { native } = require('#core');
const { TEXT } = require('../protocol/policy.js');

const { ALONE, CALLS, ADDS_VALUE, CONTROLS } = TEXT;

const INTS_OF_A_PART = 3;

/** @typedef {{text: string, traits: number}} Part */

/** @param {string} script @returns {Part[]} */
function partsOf(script) {
  const numbers = native().textSplit(script);
  const bytes = Buffer.from(script);
  const parts = [];
  for (let i = 0; i < numbers.length; i += INTS_OF_A_PART) {
    const [start, end, traits = 0] = numbers.slice(i, i + INTS_OF_A_PART);
    parts.push({ text: bytes.toString('utf8', start, end), traits });
  }
  return parts;
}

/** @param {string} text */
function isSeveral(text) {
  const at = text.indexOf(';');
  return (
    at >= 0 &&
    at < text.trimEnd().length - 1 &&
    native().textSplit(text).length > INTS_OF_A_PART
  );
}

/**
 * Splits where `ends` says that a part is the last, or the first, of a group.
 * @param {Part[]} parts
 * @param {(part: Part) => boolean} isLast
 * @param {(part: Part) => boolean} isFirst
 * @returns {Part[][]}
 */
function cut(parts, isLast, isFirst) {
  /** @type {Part[][]} */
  const groups = [];
  /** @type {Part[]} */
  let group = [];
  for (const part of parts) {
    if (isFirst(part) && group.length > 0) {
      groups.push(group);
      group = [];
    }
    group.push(part);
    if (isLast(part)) {
      groups.push(group);
      group = [];
    }
  }
  return group.length > 0 ? [...groups, group] : groups;
}

/** @param {number} trait */
const has = (trait) => (/** @type {Part} */ part) =>
  (part.traits & trait) !== 0;
const always = () => true;
const never = () => false;

/**
 * Returns the parts in smaller groups if that avoids the error, which rolled
 * them back.
 * @param {Part[]} parts
 * @param {any} error
 * @returns {Part[][] | null}
 */
function smaller(parts, error) {
  if (parts.length === 1 || parts.some(has(CONTROLS))) {
    return null;
  }
  let groups;
  switch (error?.code) {
    case '55P04': // a value of an enum, used before it is committed
      groups = cut(parts, has(ADDS_VALUE), never);
      break;
    case '2D000': // a procedure that commits
      groups = cut(parts, has(CALLS), has(CALLS));
      break;
    case '25001': // what runs in no transaction, and did not look like it
      groups = cut(parts, always, never);
      break;
    default:
      return null;
  }
  return groups.length > 1 ? groups : null;
}

/**
 * @param {{query: (text: string) => Promise<any>}} client
 * @param {Part[]} parts
 * @param {{done: number}} progress
 */
async function runGroup(client, parts, progress) {
  try {
    await client.query(parts.map((part) => part.text).join('\n'));
  } catch (error) {
    const groups = smaller(parts, error);
    if (groups === null) {
      throw error;
    }
    for (const group of groups) {
      await runGroup(client, group, progress);
    }
    return;
  }
  progress.done += parts.length;
}

/** @param {any} error @param {number} done @param {number} all */
function explain(error, done, all) {
  if (done > 0 && error instanceof Error) {
    error.message +=
      ` (of ${all} statements the first ${done} are kept: the script has` +
      ' statements that run in no transaction)';
  }
}

/**
 * Runs a script as one text; returns the groups to run when that failed and was
 * rolled back, else null.
 * @param {any} pool
 * @param {string} script
 * @param {Part[]} parts
 */
async function runWhole(pool, script, parts) {
  try {
    await pool.query(script);
    return null;
  } catch (error) {
    const groups = smaller(parts, error);
    if (groups === null) {
      throw error;
    }
    return groups;
  }
}

/**
 * Runs a script: in one transaction, unless a statement cannot run in one.
 * @param {any} pool
 * @param {string} script
 */
async function runScript(pool, script) {
  const parts = partsOf(script);
  if (parts.length < 2) {
    await pool.query(script);
    return;
  }
  /** @type {Part[][]} */
  let groups = cut(parts, has(ALONE), has(ALONE));
  if (groups.length === 1) {
    const finer = await runWhole(pool, script, parts);
    if (finer === null) {
      return;
    }
    groups = finer;
  }
  const progress = { done: 0 };
  const client = await pool.connect();
  try {
    for (const group of groups) {
      await runGroup(client, group, progress);
    }
  } catch (error) {
    explain(error, progress.done, parts.length);
    throw error;
  } finally {
    client.release();
  }
}

module.exports = { isSeveral, runScript };
