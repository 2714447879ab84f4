// SPDX-License-Identifier: MIT
'use strict';

// `pg-holdfast/nest`. @nestjs/common is the application's.

/** @returns {import('./module.js').Common} */
function loadCommon() {
  try {
    return require('@nestjs/common');
  } catch (cause) {
    const { code, message } = /** @type {any} */ (cause);
    const absent =
      code === 'MODULE_NOT_FOUND' && message.includes("'@nestjs/common'");
    if (!absent && code !== 'ERR_REQUIRE_ESM') {
      throw cause; // it is there, and something is missing in it
    }
    const cure = absent
      ? 'npm install @nestjs/common'
      : 'import it, or use Node.js 20.19 or newer';
    throw new Error(`pg-holdfast/nest needs @nestjs/common: ${cure}`, {
      cause,
    });
  }
}

const nest = { ...require('./module.js').nestFor(loadCommon()) };
Object.defineProperty(nest, 'default', { value: nest });

module.exports = nest;
