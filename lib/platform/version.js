// SPDX-License-Identifier: MIT
'use strict';

/** That of package.json, which a bundle does not have beside it. */
const version = '0.2.0';

module.exports = { version };
