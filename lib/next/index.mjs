// SPDX-License-Identifier: MIT
import next from './index.js';

// The same objects by name; a test compares the names with index.js.
export const { withHoldfast, register, healthRoute, resetRoute } = next;

export default next;
