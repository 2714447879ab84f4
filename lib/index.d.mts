// SPDX-License-Identifier: MIT
// The types of the ES module: those of index.d.ts, by name and by default.
export * from './index.js';

import holdfast from './index.js';

export default holdfast;
