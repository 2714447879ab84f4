// SPDX-License-Identifier: MIT
'use strict';

// pg/lib/client, for those who import it.

module.exports = require('../pool/pool.js').Client;
