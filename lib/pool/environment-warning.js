// SPDX-License-Identifier: MIT
'use strict';

// A published binary's libpq asks the environment for nothing. The system's
// does, and obeys some variables whatever it is told: said once.

const native = require('../engine/native.js');
const { environmentWarning } = require('../options/environment.js');
const { warnOnce } = require('../warn.js');

function warnOfEnvironment() {
  const text =
    native.versions().environment === 1
      ? environmentWarning(process.env)
      : undefined;
  if (text !== undefined) {
    warnOnce(text, 'HF_ENVIRONMENT');
  }
}

module.exports = { warnOfEnvironment };
