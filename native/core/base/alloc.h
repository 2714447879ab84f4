/* SPDX-License-Identifier: MIT */
/*
 * The engine's allocator. Tests can make the n-th allocation fail. The buffers
 * of holdfast.h are allocated here, too.
 *
 * Ownership: the caller owns what is returned, and frees it with hf_free().
 * Threads: any, except hf_alloc_set_hook.
 */
#ifndef HF_CORE_BASE_ALLOC_H
#define HF_CORE_BASE_ALLOC_H

#include <stdbool.h>
#include <stddef.h>

#include "holdfast.h"

/*
 * Returns uninitialized memory, or NULL when out of memory. 0 bytes are a valid
 * allocation.
 */
HF_NODISCARD void *hf_alloc(size_t bytes);

/*
 * Returns zeroed memory for n objects; NULL when out of memory or when n * size
 * overflows.
 */
HF_NODISCARD void *hf_calloc(size_t n, size_t size);

/*
 * Resizes an allocation; `memory` may be NULL. Returns NULL when out of memory,
 * and leaves `memory` unchanged.
 */
HF_NODISCARD void *hf_realloc(void *memory, size_t bytes);

/* Frees an allocation. Accepts NULL. */
void hf_free(void *memory);

/*
 * Returns a NUL-terminated copy of at most `bytes` bytes of `text`, which may
 * end earlier by a NUL. Returns NULL when out of memory.
 */
HF_NODISCARD char *hf_strndup(const char *text, size_t bytes);

/*
 * Sets a function that is called before every allocation and makes it fail by
 * returning false; NULL removes it. For tests; call it while only one thread
 * runs.
 */
void hf_alloc_set_hook(bool (*allow)(void *ctx), void *ctx);

#endif
