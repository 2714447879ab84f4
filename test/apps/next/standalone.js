// SPDX-License-Identifier: MIT
// A built application, as it is deployed: the standalone folder alone, without
// the node_modules it was built with.

const fs = require('node:fs');
const path = require('node:path');
const { freePort, makeFolder } = require('../../support/index.js');

/**
 * @param {string} folder of the application
 * @param {string} pattern the end of a path
 * @returns {string[]} paths in the folder that end so
 */
function findFiles(folder, pattern) {
  return fs
    .readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith(pattern));
}

/**
 * Copies what `next build` made, as its documentation says to.
 *
 * @param {string} folder of the application
 */
function carryAway(folder) {
  const target = path.join(makeFolder('n'), 'app');
  const built = path.join(folder, '.next');
  const options = { recursive: true, verbatimSymlinks: true };
  fs.cpSync(path.join(built, 'standalone'), target, options);
  fs.cpSync(
    path.join(built, 'static'),
    path.join(target, '.next', 'static'),
    options,
  );
  return target;
}

/**
 * Starts a deployed application and waits until it listens.
 *
 * @param {import('../support/app.js').App} app
 * @param {string} folder where it was carried
 * @param {Record<string, string | undefined>} env
 */
async function startStandalone(app, folder, env) {
  const port = await freePort();
  const server = app.start('node', ['server.js'], {
    cwd: folder,
    env: { HOSTNAME: '127.0.0.1', PORT: String(port), ...env },
  });
  await server.waitFor(/Ready in/);
  return { server, base: `http://127.0.0.1:${port}` };
}

module.exports = { carryAway, findFiles, startStandalone };
