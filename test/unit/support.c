/* SPDX-License-Identifier: MIT */
#include "support.h"

#include "core/base/alloc.h"

static size_t left;
static bool failed;

static bool allow(void *ctx) {
  (void)ctx;
  if (left == 0) {
    failed = true;
    return false;
  }
  left--;
  return true;
}

void fail_allocations_after(size_t n) {
  left = n;
  failed = false;
  hf_alloc_set_hook(allow, NULL);
}

bool allocations_were_failed(void) {
  hf_alloc_set_hook(NULL, NULL);
  return failed;
}

uint32_t next_random(uint32_t *state) {
  *state = *state * 1664525U + 1013904223U;
  return *state >> 8 ^ *state << 16;
}
