// SPDX-License-Identifier: MIT
'use strict';

// That entry brings the core.
require('./browser.js');

module.exports = require('./prisma.js');
