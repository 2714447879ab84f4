/* SPDX-License-Identifier: MIT */
/* Names of secrets: hf_fingerprint of holdfast.h. */
#include <uv.h>

#include "core/base/siphash.h"
#include "holdfast.h"

static uv_once_t once = UV_ONCE_INIT;
static uint8_t key[HF_SIPHASH_KEY_BYTES];
static bool has_key;

static void make_key(void) {
  has_key = uv_random(NULL, NULL, key, sizeof key, 0, NULL) == 0;
}

enum hf_status hf_fingerprint(const char *text,
                              size_t bytes,
                              char out[HF_FINGERPRINT_BYTES]) {
  static const char digits[] = "0123456789abcdef";
  uint8_t hash[HF_SIPHASH_BYTES];
  size_t i;
  uv_once(&once, make_key);
  if (!has_key) {
    return HF_NO_MEMORY;
  }
  hf_siphash(key, text, bytes, hash);
  for (i = 0; i < sizeof hash; i++) {
    out[2 * i] = digits[hash[i] >> 4];
    out[2 * i + 1] = digits[hash[i] & 15];
  }
  out[2 * sizeof hash] = '\0';
  return HF_OK;
}
