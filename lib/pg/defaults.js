// SPDX-License-Identifier: MIT
'use strict';

// pg/lib/defaults, for those who import it.

module.exports = require('../values/defaults.js').defaults;
