/* SPDX-License-Identifier: MIT */
/* What the core uses of <string.h>, declared for WebAssembly. */
#ifndef HF_WASM_STRING_H
#define HF_WASM_STRING_H

#include <stddef.h>

void *memset(void *to, int value, size_t bytes);
void *memcpy(void *restrict to, const void *restrict from, size_t bytes);
void *memmove(void *to, const void *from, size_t bytes);
int memcmp(const void *a, const void *b, size_t bytes);
void *memchr(const void *in, int value, size_t bytes);
size_t strlen(const char *text);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t bytes);
char *strchr(const char *text, int value);
char *strrchr(const char *text, int value);
size_t strspn(const char *text, const char *accepted);
size_t strcspn(const char *text, const char *refused);
char *strstr(const char *text, const char *wanted);

#endif
