/* SPDX-License-Identifier: MIT */
#include "core/base/time.h"

uint64_t hf_earlier(uint64_t a, uint64_t b) {
  return a < b ? a : b;
}
