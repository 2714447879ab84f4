// SPDX-License-Identifier: MIT
'use strict';

// The adapter that PrismaClient is given.

class PrismaHoldfast {
  provider = 'postgres';
  adapterName = 'pg-holdfast';
}

module.exports = { PrismaHoldfast };
