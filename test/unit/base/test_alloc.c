/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "core/base/alloc.h"
#include "support.h"

static void an_allocation_of_zero_bytes_is_not_null(void **state) {
  void *a = hf_alloc(0);
  void *b = hf_calloc(0, 8);
  void *c = hf_calloc(8, 0);

  (void)state;
  assert_non_null(a);
  assert_non_null(b);
  assert_non_null(c);
  hf_free(a);
  hf_free(b);
  hf_free(c);
  hf_free(NULL);
}

static void calloc_gives_zeroes(void **state) {
  static const char zeroes[64];
  char *memory = hf_calloc(8, 8);

  (void)state;
  assert_memory_equal(memory, zeroes, sizeof(zeroes));
  hf_free(memory);
}

static void calloc_refuses_a_product_that_overflows(void **state) {
  (void)state;
  assert_null(hf_calloc(SIZE_MAX / 2, 3));
  assert_null(hf_calloc(3, SIZE_MAX / 2));
}

static void realloc_keeps_the_old_block_when_it_fails(void **state) {
  char *memory = hf_realloc(NULL, 4);
  char *grown;

  (void)state;
  memcpy(memory, "abc", 4);
  fail_allocations_after(0);
  assert_null(hf_realloc(memory, 1000));
  assert_true(allocations_were_failed());
  assert_string_equal(memory, "abc");
  grown = hf_realloc(memory, 1000);
  assert_string_equal(grown, "abc");
  hf_free(grown);
}

static void strndup_copies_up_to_a_limit_or_a_nul(void **state) {
  char *cut = hf_strndup("holdfast", 4);
  char *whole = hf_strndup("hold\0fast", 9);

  (void)state;
  assert_string_equal(cut, "hold");
  assert_string_equal(whole, "hold");
  hf_free(cut);
  hf_free(whole);
}

static void the_hook_fails_each_kind_of_allocation(void **state) {
  (void)state;
  fail_allocations_after(0);
  assert_null(hf_alloc(1));
  assert_null(hf_calloc(1, 1));
  assert_null(hf_realloc(NULL, 1));
  assert_null(hf_strndup("a", 1));
  assert_null(hf_buffer_alloc(1));
  assert_true(allocations_were_failed());
}

static void a_buffer_can_be_given_back(void **state) {
  char *buffer = hf_buffer_alloc(3);

  (void)state;
  memcpy(buffer, "ab", 3);
  hf_buffer_free(buffer);
  hf_buffer_free(NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(an_allocation_of_zero_bytes_is_not_null),
      cmocka_unit_test(calloc_gives_zeroes),
      cmocka_unit_test(calloc_refuses_a_product_that_overflows),
      cmocka_unit_test(realloc_keeps_the_old_block_when_it_fails),
      cmocka_unit_test(strndup_copies_up_to_a_limit_or_a_nul),
      cmocka_unit_test(the_hook_fails_each_kind_of_allocation),
      cmocka_unit_test(a_buffer_can_be_given_back),
  };

  return cmocka_run_group_tests_name("alloc", tests, NULL, NULL);
}
