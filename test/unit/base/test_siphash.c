/* SPDX-License-Identifier: MIT */
/* SipHash-2-4-128 against the vectors of its authors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/siphash.h"

/* Of the bytes 00 01 02 ..., with the key 00 01 .. 0f. */
static const struct {
  size_t bytes;
  uint8_t hash[HF_SIPHASH_BYTES];
} vectors[] = {
    {0,
     {0xa3,
      0x81,
      0x7f,
      0x04,
      0xba,
      0x25,
      0xa8,
      0xe6,
      0x6d,
      0xf6,
      0x72,
      0x14,
      0xc7,
      0x55,
      0x02,
      0x93}},
    {1,
     {0xda,
      0x87,
      0xc1,
      0xd8,
      0x6b,
      0x99,
      0xaf,
      0x44,
      0x34,
      0x76,
      0x59,
      0x11,
      0x9b,
      0x22,
      0xfc,
      0x45}},
    {2,
     {0x81,
      0x77,
      0x22,
      0x8d,
      0xa4,
      0xa4,
      0x5d,
      0xc7,
      0xfc,
      0xa3,
      0x8b,
      0xde,
      0xf6,
      0x0a,
      0xff,
      0xe4}},
    {8,
     {0x3b,
      0x62,
      0xa9,
      0xba,
      0x62,
      0x58,
      0xf5,
      0x61,
      0x0f,
      0x83,
      0xe2,
      0x64,
      0xf3,
      0x14,
      0x97,
      0xb4}},
};

static void the_authors_vectors_come_out(void **state) {
  uint8_t key[HF_SIPHASH_KEY_BYTES];
  uint8_t data[HF_SIPHASH_KEY_BYTES];
  uint8_t out[HF_SIPHASH_BYTES];
  size_t i;
  (void)state;
  for (i = 0; i < sizeof key; i++) {
    key[i] = (uint8_t)i;
    data[i] = (uint8_t)i;
  }
  for (i = 0; i < sizeof vectors / sizeof *vectors; i++) {
    hf_siphash(key, data, vectors[i].bytes, out);
    assert_memory_equal(out, vectors[i].hash, sizeof out);
  }
}

static void another_key_gives_another_hash(void **state) {
  uint8_t key[HF_SIPHASH_KEY_BYTES] = {0};
  uint8_t one[HF_SIPHASH_BYTES];
  uint8_t two[HF_SIPHASH_BYTES];
  (void)state;
  hf_siphash(key, "secret", 6, one);
  key[15] = 1;
  hf_siphash(key, "secret", 6, two);
  assert_memory_not_equal(one, two, sizeof one);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_authors_vectors_come_out),
      cmocka_unit_test(another_key_gives_another_hash),
  };
  return cmocka_run_group_tests_name("siphash", tests, NULL, NULL);
}
