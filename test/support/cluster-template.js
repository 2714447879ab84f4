// SPDX-License-Identifier: MIT
// initdb takes a second, a copy of its folder a tenth: it runs once, into a
// template. The test runner passes its template on in HOLDFAST_TEST_TEMPLATE.

const { randomBytes } = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const {
  giveToAccount,
  postgresFolder,
  serverAccount,
} = require('./account.js');
const { run } = require('./daemon.js');
const { makeFolder } = require('./run-folder.js');

const USER = 'holdfast';

/** @typedef {{data: string, user: string, password: string}} Template */

/** @type {Promise<Template> | undefined} */
let made;

/** @returns {Promise<Template>} */
async function makeTemplate() {
  const folder = makeFolder('t');
  const data = path.join(folder, 'data');
  const passwordFile = path.join(folder, 'password');
  const password = randomBytes(12).toString('hex');
  fs.writeFileSync(passwordFile, password, { mode: 0o600 });
  giveToAccount(passwordFile);
  await run(
    path.join(postgresFolder(), 'initdb'),
    [
      ...['-D', data, '-U', USER, '--pwfile', passwordFile, '--no-sync'],
      ...['--locale=C.UTF-8', '--encoding=UTF8', '--auth=scram-sha-256'],
    ],
    { cwd: folder, ...serverAccount() },
  );
  return { data, user: USER, password };
}

/**
 * Returns the cluster to copy; makes it if there is none.
 *
 * @returns {Promise<Template>}
 */
function clusterTemplate() {
  const handed = process.env.HOLDFAST_TEST_TEMPLATE;
  if (made === undefined && handed && fs.existsSync(handed)) {
    const file = path.join(path.dirname(handed), 'password');
    const password = fs.readFileSync(file, 'utf8');
    made = Promise.resolve({ data: handed, user: USER, password });
  }
  made ??= makeTemplate();
  return made;
}

module.exports = { clusterTemplate };
