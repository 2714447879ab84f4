/* SPDX-License-Identifier: MIT */
/* A broken promise stops the module: JavaScript sees a RuntimeError. */
#ifndef HF_WASM_ASSERT_H
#define HF_WASM_ASSERT_H

#ifdef NDEBUG
#define assert(promise) ((void)0)
#else
#define assert(promise) ((promise) ? (void)0 : __builtin_trap())
#endif

#endif
