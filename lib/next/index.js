// SPDX-License-Identifier: MIT
'use strict';

// `pg-holdfast/next`. Nothing of Next.js' is loaded, by no file here, and
// none of our modules before it is used: a configuration needs no engine.

const { lazyExports } = require('../platform/lazy-exports.js');

const next = lazyExports({
  withHoldfast: () => require('./config.js').withHoldfast,
  register: () => require('./register.js').register,
  healthRoute: () => require('./health-route.js').healthRoute,
  resetRoute: () => require('./reset-route.js').resetRoute,
});
// Here, and not in lazyExports(): tools that read the types look for it.
Object.defineProperty(next, 'default', { value: next });

module.exports = next;
