/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "core/base/heap.h"
#include "support.h"

enum { MANY = 2000 };

static void an_empty_heap_pops_null(void **state) {
  struct hf_heap heap;
  struct hf_heap_node stray = {0};

  (void)state;
  hf_heap_init(&heap);
  assert_null(hf_heap_peek(&heap));
  assert_null(hf_heap_pop(&heap));
  hf_heap_remove(&heap, &stray);
  assert_int_equal(heap.count, 0);
}

static void the_smallest_key_is_popped_first(void **state) {
  static const uint64_t keys[] = {5, 1, 4, 2, 3};
  struct hf_heap_node nodes[5] = {{0}};
  struct hf_heap heap;
  uint64_t want;
  size_t i;

  (void)state;
  hf_heap_init(&heap);
  for (i = 0; i < 5; i++) {
    hf_heap_push(&heap, &nodes[i], keys[i]);
  }
  assert_int_equal(hf_heap_peek(&heap)->key, 1);
  for (want = 1; want <= 5; want++) {
    struct hf_heap_node *node = hf_heap_pop(&heap);

    assert_int_equal(node->key, want);
    assert_false(node->queued);
  }
  assert_null(hf_heap_pop(&heap));
}

static void equal_keys_are_popped_in_insertion_order(void **state) {
  struct hf_heap_node nodes[100] = {{0}};
  struct hf_heap heap;
  size_t i;

  (void)state;
  hf_heap_init(&heap);
  for (i = 0; i < 100; i++) {
    hf_heap_push(&heap, &nodes[i], 7);
  }
  for (i = 0; i < 100; i++) {
    assert_ptr_equal(hf_heap_pop(&heap), &nodes[i]);
  }
}

static void removing_the_root_keeps_the_rest_in_order(void **state) {
  struct hf_heap_node nodes[4] = {{0}};
  struct hf_heap heap;
  size_t i;

  (void)state;
  hf_heap_init(&heap);
  for (i = 0; i < 4; i++) {
    hf_heap_push(&heap, &nodes[i], i);
  }
  hf_heap_remove(&heap, &nodes[0]);
  assert_ptr_equal(hf_heap_peek(&heap), &nodes[1]);
  assert_int_equal(heap.count, 3);
}

/* Compares with the plainest thing that can be right: a search in an array. */
static void random_operations_agree_with_a_linear_search(void **state) {
  struct hf_heap_node *nodes = calloc(MANY, sizeof(*nodes));
  struct hf_heap heap;
  uint32_t seed = 20240717;
  size_t step, i;

  (void)state;
  assert_non_null(nodes);
  hf_heap_init(&heap);
  for (step = 0; step < 20000; step++) {
    struct hf_heap_node *node = &nodes[next_random(&seed) % MANY];

    if (!node->queued) {
      hf_heap_push(&heap, node, next_random(&seed) % 64);
    } else if (next_random(&seed) % 3 == 0) {
      hf_heap_remove(&heap, node);
    } else {
      struct hf_heap_node *least = NULL;

      if (step % 16 == 0) {
        for (i = 0; i < MANY; i++) {
          if (nodes[i].queued &&
              (least == NULL || nodes[i].key < least->key ||
               (nodes[i].key == least->key && nodes[i].order < least->order))) {
            least = &nodes[i];
          }
        }
        assert_ptr_equal(hf_heap_peek(&heap), least);
      }
      assert_non_null(hf_heap_pop(&heap));
    }
  }
  while (hf_heap_pop(&heap) != NULL) {
  }
  assert_int_equal(heap.count, 0);
  for (i = 0; i < MANY; i++) {
    assert_false(nodes[i].queued);
  }
  free(nodes);
}

/* A recursive heap would need a frame per child here. */
static void a_million_children_do_not_exhaust_the_stack(void **state) {
  enum { MILLION = 1000000 };
  struct hf_heap_node *nodes = calloc(MILLION, sizeof(*nodes));
  struct hf_heap heap;
  size_t i;

  (void)state;
  assert_non_null(nodes);
  hf_heap_init(&heap);
  for (i = 0; i < MILLION; i++) {
    hf_heap_push(&heap, &nodes[i], i);
  }
  assert_ptr_equal(hf_heap_pop(&heap), &nodes[0]);
  assert_ptr_equal(hf_heap_pop(&heap), &nodes[1]);
  free(nodes);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(an_empty_heap_pops_null),
      cmocka_unit_test(the_smallest_key_is_popped_first),
      cmocka_unit_test(equal_keys_are_popped_in_insertion_order),
      cmocka_unit_test(removing_the_root_keeps_the_rest_in_order),
      cmocka_unit_test(random_operations_agree_with_a_linear_search),
      cmocka_unit_test(a_million_children_do_not_exhaust_the_stack),
  };

  return cmocka_run_group_tests_name("heap", tests, NULL, NULL);
}
