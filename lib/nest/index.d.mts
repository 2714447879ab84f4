// SPDX-License-Identifier: MIT
// The types of the ES module: those of index.d.ts, by name and by default.
export * from './index.js';

import nest from './index.js';

declare const all: typeof nest.default;
export default all;
