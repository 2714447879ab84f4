// SPDX-License-Identifier: MIT
'use strict';

// A published binary's libpq does not read the environment. The system's does,
// and some variables override every setting: that causes one warning.

const native = require('../engine/native.js');
const { environmentWarning } = require('../options/environment.js');
const { warnOnce } = require('../platform/warn.js');

/** @returns {boolean} false also where no binary fits: the pool says that */
function readsEnvironment() {
  try {
    return native.versions().environment === 1;
  } catch {
    return false;
  }
}

function warnOfEnvironment() {
  const text = readsEnvironment() ? environmentWarning(process.env) : undefined;
  if (text !== undefined) {
    warnOnce(text, 'HF_ENVIRONMENT');
  }
}

module.exports = { warnOfEnvironment };
