// SPDX-License-Identifier: MIT
// Browsers compile the core themselves.
import wasm from '../wasm/compile.js';
import source from '../wasm/source.js';

source.provide(wasm.compile);

export * from './index.mjs';
export { default } from './index.mjs';
