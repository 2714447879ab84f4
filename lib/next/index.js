// SPDX-License-Identifier: MIT
'use strict';

// `pg-holdfast/next`. Nothing of Next.js' is loaded, by no file here, and
// none of ours before it is used: a configuration needs no engine.

const loaders = {
  withHoldfast: () => require('./config.js').withHoldfast,
  register: () => require('./register.js').register,
  healthRoute: () => require('./health-route.js').healthRoute,
  resetRoute: () => require('./reset-route.js').resetRoute,
};

/** @type {Record<string, unknown>} */
const next = {};

for (const [name, load] of Object.entries(loaders)) {
  Object.defineProperty(next, name, {
    enumerable: true,
    configurable: true,
    get() {
      const value = load();
      Object.defineProperty(next, name, { value, enumerable: true });
      return value;
    },
  });
}
Object.defineProperty(next, 'default', { value: next });

module.exports = next;
