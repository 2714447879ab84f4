// SPDX-License-Identifier: MIT
'use strict';

const path = require('node:path');

const DOCS = path.join(__dirname, '..', '..', 'docs');

/**
 * Where a page of the guide is, seen from where the command runs: docs is in
 * the package.
 *
 * @param {string} name
 */
function page(name) {
  return path.relative(process.cwd(), path.join(DOCS, name));
}

module.exports = { page };
