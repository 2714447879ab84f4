#!/usr/bin/env node
// SPDX-License-Identifier: MIT
'use strict';

// npx pg-holdfast <command>

const { nearest } = require('../lib/validate/nearest.js');
const { EXIT_USAGE } = require('./arguments.js');

/**
 * @typedef {object} Command
 * @property {string} help one line
 * @property {() => {run: (args: string[]) => number | Promise<number>}} load
 *   the module; `run` resolves with the exit code
 */

/** @type {Record<string, Command>} */
const COMMANDS = {
  doctor: {
    help: 'says what a connection string leads to, and what suits it',
    load: () => require('./doctor.js'),
  },
  top: {
    help: 'shows what the pools of a running process do',
    load: () => require('./top.js'),
  },
  bench: {
    help: 'says how many queries a connection string gives, and how fast',
    load: () => require('./bench.js'),
  },
  build: {
    help: "builds the addon from source against this system's libpq",
    load: () => require('./build.js'),
  },
};

function usage() {
  const width = Math.max(...Object.keys(COMMANDS).map((name) => name.length));
  const lines = Object.entries(COMMANDS).map(
    ([name, { help }]) => `  ${name.padEnd(width)}  ${help}\n`,
  );
  return `usage: npx pg-holdfast <command> [options]\n\n${lines.join('')}`;
}

/**
 * Says that there is no such command, without repeating what may be a
 * connection string.
 * @param {string} name
 * @returns {string}
 */
function notACommand(name) {
  return /^[a-z-]{1,20}$/i.test(name)
    ? `no command "${name}"${nearest(name, Object.keys(COMMANDS))}`
    : 'the command comes first, as in: npx pg-holdfast doctor <url>';
}

/** @param {string[]} args @returns {Promise<number>} the exit code */
async function main([name, ...args]) {
  if (name === undefined || name === '--help' || name === '-h') {
    process.stdout.write(usage());
    return name === undefined ? EXIT_USAGE : 0;
  }
  if (name === '--version' || name === '-v') {
    process.stdout.write(
      `${require('../lib/engine/versions.js').versions.holdfast}\n`,
    );
    return 0;
  }
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined) {
    process.stderr.write(`pg-holdfast: ${notACommand(name)}\n\n${usage()}`);
    return EXIT_USAGE;
  }
  return await command.load().run(args);
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error) => {
    process.stderr.write(`pg-holdfast: ${error?.message ?? error}\n`);
    process.exitCode = 1;
  },
);
