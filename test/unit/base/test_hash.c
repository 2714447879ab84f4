/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "core/base/hash_table.h"
#include "core/base/siphash.h"
#include "support.h"

enum { KEYS = 65536, CHAIN_MAX = 16 };

/* Of the reference implementation with one round and three. */
static void the_hash_is_siphash_1_3(void **state) {
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

/* Keys chosen to collide in an unkeyed table: multiples of a power of two. */
static void chosen_keys_do_not_make_long_chains(void **state) {
  struct hf_table_node *nodes = calloc(KEYS, sizeof *nodes);
  struct hf_table table = {0};
  struct hf_hash_key key = {3, 4};
  size_t longest = 0;
  size_t i;

  (void)state;
  assert_non_null(nodes);
  for (i = 0; i < KEYS; i++) {
    uint64_t chosen = (uint64_t)i << 40;
    nodes[i].hash = hf_hash(&key, &chosen, sizeof chosen);
    assert_int_equal(hf_table_add(&table, &nodes[i]), HF_OK);
  }
  for (i = 0; i < table.size; i++) {
    const struct hf_table_node *node = table.chains[i];
    size_t length = 0;
    for (; node != NULL; node = node->next) {
      length++;
    }
    longest = length > longest ? length : longest;
  }
  assert_true(longest < CHAIN_MAX);
  hf_table_finish(&table);
  free(nodes);
}

/*
 * Texts that were one statement to the hash of 0.1: eight bytes of a comment
 * made up for any difference.
 */
static void another_key_is_another_hash(void **state) {
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
      cmocka_unit_test(the_hash_is_siphash_1_3),
      cmocka_unit_test(chosen_keys_do_not_make_long_chains),
      cmocka_unit_test(another_key_is_another_hash),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
