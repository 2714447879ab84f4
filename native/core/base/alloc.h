/* SPDX-License-Identifier: MIT */
/*
 * Every allocation of the engine goes through here, so that tests can make
 * the n-th one fail. The buffers of the public face live here too.
 *
 * Ownership: what is returned belongs to the caller, who gives it to hf_free.
 * Threads: any, except hf_alloc_set_hook.
 */
#ifndef HF_CORE_BASE_ALLOC_H
#define HF_CORE_BASE_ALLOC_H

#include <stdbool.h>
#include <stddef.h>

#include "holdfast.h"

/* Returns uninitialized memory, never NULL for 0 bytes, or NULL. */
HF_NODISCARD void *hf_alloc(size_t bytes);

/* Returns zeroed memory for n objects; NULL too when n * size overflows. */
HF_NODISCARD void *hf_calloc(size_t n, size_t size);

/*
 * Resizes. `memory` may be NULL. On failure returns NULL and leaves `memory`
 * as it was.
 */
HF_NODISCARD void *hf_realloc(void *memory, size_t bytes);

/* Frees. NULL is fine. */
void hf_free(void *memory);

/*
 * Returns a copy of at most `bytes` bytes of `text`, ended by a NUL. Stops
 * early at a NUL. NULL on failure.
 */
HF_NODISCARD char *hf_strndup(const char *text, size_t bytes);

/*
 * Asks `allow` before every allocation; when it returns false the allocation
 * fails. NULL removes the hook. For tests; set it while one thread runs.
 */
void hf_alloc_set_hook(bool (*allow)(void *ctx), void *ctx);

#endif
