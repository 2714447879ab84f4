// SPDX-License-Identifier: MIT
// Electron's program is no node.exe: whether the addon loads in one that is
// called otherwise.

const fs = require('node:fs');
const path = require('node:path');
const { exec } = require('../steps.js');

/** @typedef {import('./check.js').Finding} Finding */

const PROGRAM = `
  const { versions } = require('pg-holdfast');
  process.stdout.write(JSON.stringify([process.execPath, versions.libpq]));`;

/**
 * @param {Pick<import('./programs.js').Trial, 'command' | 'env' | 'folder'>}
 *   trial whose command is a runner and Node
 * @returns {Promise<Finding>}
 */
async function tryOtherName({ command, env, folder }) {
  const [runner = '', node = ''] = command;
  const renamed = path.join(folder, 'electron.exe');
  fs.copyFileSync(node, renamed);
  const file = path.join(folder, 'program.js');
  fs.writeFileSync(file, PROGRAM);
  const said = path.join(folder, 'said');
  const fd = fs.openSync(said, 'w');
  await exec(runner, [renamed, file], { cwd: folder, env, stdout: fd });
  fs.closeSync(fd);
  const text = fs.readFileSync(said, 'utf8');
  return {
    name: 'loads in a program that is called otherwise',
    ok: /electron\.exe","\d+\.\d+/.test(text),
    detail: text.slice(0, 500),
  };
}

module.exports = { tryOtherName };
