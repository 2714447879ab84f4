// SPDX-License-Identifier: MIT
'use strict';

// pg/lib/type-overrides, for those who import it.

module.exports = require('../values/types.js').TypeOverrides;
