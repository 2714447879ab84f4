// SPDX-License-Identifier: MIT
'use strict';

// pg/lib/query, for those who import it.

module.exports = require('../pool/query-object.js').Query;
