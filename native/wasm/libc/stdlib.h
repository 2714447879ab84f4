/* SPDX-License-Identifier: MIT */
/* What the core uses of <stdlib.h>; nothing of it comes into the module. */
#ifndef HF_WASM_STDLIB_H
#define HF_WASM_STDLIB_H

#include <stddef.h>

void *malloc(size_t bytes);
void *calloc(size_t n, size_t size);
void *realloc(void *memory, size_t bytes);
void free(void *memory);
void *bsearch(const void *key,
              const void *items,
              size_t n,
              size_t size,
              int (*compare)(const void *a, const void *b));
long long strtoll(const char *text, char **end, int base);

#endif
