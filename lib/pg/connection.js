// SPDX-License-Identifier: MIT
'use strict';

// pg/lib/connection, for those who import it.

module.exports = require('../pool/connection.js').Connection;
