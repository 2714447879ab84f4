// SPDX-License-Identifier: MIT
// That entry brings the core.
import './browser.mjs';

export * from './prisma.mjs';
export { default } from './prisma.mjs';
