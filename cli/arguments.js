// SPDX-License-Identifier: MIT
'use strict';

// The command line of doctor and bench: one connection string, and options.

const { existsSync, readFileSync } = require('node:fs');
const { parseArgs, parseEnv } = require('node:util');

const { nearest } = require('../lib/validate/nearest.js');

/** A mistake in the command line: shown with the command's usage. */
class UsageError extends Error {}

/**
 * @typedef {object} Flag
 * @property {'boolean' | 'string'} type
 * @property {string} [short]
 */

/**
 * Parses the words after the command. Messages never repeat what may be a
 * connection string.
 * @param {string[]} args
 * @param {Record<string, Flag>} flags
 * @returns {{url: string | undefined, flags: Record<string, any>}}
 */
function parse(args, flags) {
  /** @type {ReturnType<typeof parseArgs>} */
  let parsed;
  try {
    parsed = parseArgs({ args, options: flags, allowPositionals: true });
  } catch (error) {
    throw asUsage(error, args, flags);
  }
  const { values, positionals } = parsed;
  if (positionals.length > 1) {
    throw new UsageError(
      'one connection string at a time; quote it, so that the shell leaves ' +
        'its & and ? alone',
    );
  }
  return { url: positionals[0], flags: values };
}

/**
 * @param {unknown} error of parseArgs
 * @param {string[]} args
 * @param {Record<string, Flag>} flags
 */
function asUsage(error, args, flags) {
  const names = Object.keys(flags);
  for (const arg of args) {
    const name = /^--([a-z-]{1,20})(?:=|$)/.exec(arg)?.[1];
    if (name !== undefined && !names.includes(name)) {
      const known = names.map((flag) => `--${flag}`);
      return new UsageError(
        `unknown option --${name}${nearest(`--${name}`, known)}`,
      );
    }
  }
  const code = /** @type {any} */ (error)?.code;
  return new UsageError(
    code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION'
      ? 'unknown option'
      : 'an option has a value it does not take, or lacks one',
  );
}

/**
 * Reads a number of an option.
 * @param {string | undefined} text
 * @param {string} name
 * @param {{initial: number, min: number, max: number, whole?: boolean}} range
 * @returns {number}
 */
function numberOf(text, name, { initial, min, max, whole = false }) {
  if (text === undefined) {
    return initial;
  }
  const value = Number(text);
  const right = /^\d+(\.\d+)?$/.test(text) && value >= min && value <= max;
  if (!right || (whole && !Number.isInteger(value))) {
    const kind = whole ? 'a whole number' : 'a number';
    throw new UsageError(`--${name} must be ${kind} from ${min} to ${max}`);
  }
  return value;
}

/**
 * Puts the variables of a file into the environment, unless they are set there
 * already.
 * @param {string | undefined} file
 */
function loadEnvFile(file) {
  if (file === undefined) {
    return;
  }
  if (typeof parseEnv !== 'function') {
    throw new UsageError('--env-file needs Node.js 20.12 or newer');
  }
  if (!existsSync(file)) {
    throw new UsageError(`there is no file ${file}`);
  }
  for (const [name, value] of Object.entries(
    parseEnv(readFileSync(file, 'utf8')),
  )) {
    if (value !== undefined) {
      process.env[name] ??= value;
    }
  }
}

/** Exit code for a command line that is wrong, as sysexits.h has it. */
const EXIT_USAGE = 64;

/**
 * Runs a command, and shows its usage for a wrong command line.
 * @param {string} usage
 * @param {() => Promise<number>} fn
 * @returns {Promise<number>} the exit code
 */
async function withUsage(usage, fn) {
  try {
    return await fn();
  } catch (error) {
    if (error instanceof UsageError) {
      process.stderr.write(`pg-holdfast: ${error.message}\n\n${usage}`);
      return EXIT_USAGE;
    }
    throw error;
  }
}

module.exports = {
  EXIT_USAGE,
  UsageError,
  loadEnvFile,
  numberOf,
  parse,
  withUsage,
};
