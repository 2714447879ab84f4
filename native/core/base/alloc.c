/* SPDX-License-Identifier: MIT */
#include "core/base/alloc.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static bool (*hook)(void *ctx);
static void *hook_ctx;

static bool allowed(void) {
  return hook == NULL || hook(hook_ctx);
}

void *hf_alloc(size_t bytes) {
  return allowed() ? malloc(bytes == 0 ? 1 : bytes) : NULL;
}

void *hf_calloc(size_t n, size_t size) {
  if (size != 0 && n > SIZE_MAX / size) {
    return NULL;
  }
  return allowed() ? calloc(n == 0 ? 1 : n, size == 0 ? 1 : size) : NULL;
}

void *hf_realloc(void *memory, size_t bytes) {
  return allowed() ? realloc(memory, bytes == 0 ? 1 : bytes) : NULL;
}

void hf_free(void *memory) {
  free(memory);
}

char *hf_strndup(const char *text, size_t bytes) {
  const char *end = memchr(text, '\0', bytes);
  size_t length = end == NULL ? bytes : (size_t)(end - text);
  char *copy;

  if (length == SIZE_MAX) {
    return NULL;
  }
  copy = hf_alloc(length + 1);
  if (copy != NULL) {
    memcpy(copy, text, length);
    copy[length] = '\0';
  }
  return copy;
}

void hf_alloc_set_hook(bool (*allow)(void *ctx), void *ctx) {
  hook = allow;
  hook_ctx = ctx;
}

void *hf_buffer_alloc(size_t bytes) {
  return hf_alloc(bytes);
}

void hf_buffer_free(void *buffer) {
  hf_free(buffer);
}
