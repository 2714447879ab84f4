/* SPDX-License-Identifier: MIT */
/*
 * SipHash-2-4-128 against the vectors of its authors, SipHash-1-3 against their
 * implementation with one round and three.
 */
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

static void the_hash_agrees_with_the_authors_vectors(void **state) {
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

static void the_short_hash_is_siphash_1_3(void **state) {
  static const struct {
    size_t bytes;
    uint64_t hash;
  } rows[] = {{0, UINT64_C(0xabac0158050fc4dc)},
              {1, UINT64_C(0xc9f49bf37d57ca93)},
              {7, UINT64_C(0xd3927d989bb11140)},
              {8, UINT64_C(0x369095118d299a8e)},
              {15, UINT64_C(0xd320d86d2a519956)},
              {63, UINT64_C(0x9d199062b7bbb3a8)}};
  struct hf_hash_key key = {UINT64_C(0x0706050403020100),
                            UINT64_C(0x0f0e0d0c0b0a0908)};
  unsigned char data[64];
  size_t i;

  (void)state;
  for (i = 0; i < sizeof data; i++) {
    data[i] = (unsigned char)i;
  }
  for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    assert_true(hf_hash(&key, data, rows[i].bytes) == rows[i].hash);
  }
}

static void another_key_gives_another_short_hash(void **state) {
  struct hf_hash_key keys[] = {{1, 2}, {1, 3}, {2, 2}};
  static const char text[] = "select 1 /* aaaaaaaa */";
  uint64_t hashes[3];
  size_t i;

  (void)state;
  for (i = 0; i < 3; i++) {
    hashes[i] = hf_hash(&keys[i], text, sizeof text);
  }
  assert_true(hashes[0] != hashes[1]);
  assert_true(hashes[0] != hashes[2]);
  assert_true(hashes[1] != hashes[2]);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_hash_agrees_with_the_authors_vectors),
      cmocka_unit_test(another_key_gives_another_hash),
      cmocka_unit_test(the_short_hash_is_siphash_1_3),
      cmocka_unit_test(another_key_gives_another_short_hash),
  };
  return cmocka_run_group_tests_name("siphash", tests, NULL, NULL);
}
