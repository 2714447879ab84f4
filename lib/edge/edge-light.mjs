// SPDX-License-Identifier: MIT
// Vercel's edge runtime compiles nothing: its bundler brings the module.
// @ts-expect-error: it is there only once it was built
import core from '../wasm/core.wasm?module';
import source from '../wasm/source.js';

source.provide(() => core);

export * from './index.mjs';
export { default } from './index.mjs';
