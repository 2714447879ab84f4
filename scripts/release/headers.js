// SPDX-License-Identifier: MIT

const fs = require('node:fs');
const path = require('node:path');

/** What a build from source needs of node-addon-api: no `npm install` then. */
const HEADERS = [
  'napi.h',
  'napi-inl.h',
  'napi-inl.deprecated.h',
  'package.json',
  'LICENSE.md',
];

/**
 * Copies node-addon-api's headers, and its licence, to where scripts/build.js
 * looks for them.
 *
 * @param {string} folder the root of a package
 */
function addHeaders(folder) {
  const from = path.dirname(require.resolve('node-addon-api/package.json'));
  const to = path.join(folder, 'vendor/node-addon-api');
  fs.mkdirSync(to, { recursive: true });
  for (const name of HEADERS) {
    fs.copyFileSync(path.join(from, name), path.join(to, name));
  }
}

module.exports = { addHeaders };
