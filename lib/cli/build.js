// SPDX-License-Identifier: MIT
'use strict';

// npx pg-holdfast build: for systems there is no binary for.

const { spawnSync } = require('node:child_process');
const path = require('node:path');

const ROOT = path.join(__dirname, '..', '..');

/** @param {string[]} args @returns {number} the exit code */
function run(args) {
  const script = path.join(ROOT, 'scripts', 'build.js');
  const { status } = spawnSync(process.execPath, [script, ...args], {
    stdio: 'inherit',
  });
  return status ?? 1;
}

module.exports = { run };
