/* SPDX-License-Identifier: MIT */
/* What the fuzzers share: reading choices from the input. */
#ifndef HF_TEST_FUZZ_H
#define HF_TEST_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t bytes);

struct fuzz {
  const unsigned char *at;
  size_t left;
};

static inline void demand(bool holds) {
  if (!holds) {
    abort();
  }
}

/* The next byte; 0 at the end. */
static inline int fuzz_byte(struct fuzz *fuzz) {
  if (fuzz->left == 0) {
    return 0;
  }
  fuzz->left--;
  return *fuzz->at++;
}

static inline int32_t fuzz_word(struct fuzz *fuzz) {
  uint32_t word = 0;
  int i;
  for (i = 0; i < 4; i++) {
    word = word << 8 | (uint32_t)fuzz_byte(fuzz);
  }
  return (int32_t)word;
}

/* Up to `bytes` of what is left; `*got` says how many. */
static inline const unsigned char *fuzz_bytes(struct fuzz *fuzz,
                                              size_t bytes,
                                              size_t *got) {
  const unsigned char *from = fuzz->at;
  *got = bytes < fuzz->left ? bytes : fuzz->left;
  fuzz->at += *got;
  fuzz->left -= *got;
  return from;
}

#endif
