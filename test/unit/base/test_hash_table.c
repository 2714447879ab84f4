/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "core/base/hash_table.h"
#include "core/base/list.h"
#include "support.h"

enum { KEYS = 65536, CHAIN_MAX = 16, MANY = 1000, MOVES = 200000 };

struct item {
  struct hf_table_node node;
  int number;
};

static struct hf_table table;
static struct item *items; /* KEYS of them */

static int setup(void **state) {
  static const struct hf_hash_key key = {3, 4};
  (void)state;
  hf_table_init(&table, &key);
  items = calloc(KEYS, sizeof *items);
  return items == NULL;
}

static int teardown(void **state) {
  (void)state;
  hf_table_finish(&table);
  free(items);
  return 0;
}

static void add(int i, uint64_t hash) {
  items[i].node.hash = hash;
  items[i].number = i;
  assert_int_equal(hf_table_add(&table, &items[i].node), HF_OK);
}

static struct item *item_of(struct hf_table_node *node) {
  return node == NULL ? NULL : HF_CONTAINER_OF(node, struct item, node);
}

static bool has(const struct item *item) {
  struct hf_table_node *node = hf_table_first(&table, item->node.hash);
  while (node != NULL && node != &item->node) {
    node = hf_table_next(node);
  }
  return node != NULL;
}

static void an_empty_table_has_no_nodes(void **state) {
  struct hf_table zeroed = {0};

  (void)state;
  assert_null(hf_table_first(&zeroed, 0));
  assert_null(hf_table_any(&zeroed));
  assert_null(hf_table_walk(&zeroed, NULL));
  assert_int_equal(zeroed.count, 0);
}

static void a_node_is_found_by_its_hash_until_it_is_removed(void **state) {
  (void)state;
  add(1, 7);
  assert_ptr_equal(item_of(hf_table_first(&table, 7)), &items[1]);
  assert_null(hf_table_first(&table, 8));
  hf_table_remove(&table, &items[1].node);
  assert_null(hf_table_first(&table, 7));
}

static void nodes_with_the_same_hash_are_all_found(void **state) {
  struct hf_table_node *node;
  int sum = 0;

  (void)state;
  add(1, 7);
  add(2, 7 + 16); /* the same chain, not the same hash */
  add(4, 7);
  add(8, 7);
  hf_table_remove(&table, &items[4].node);
  for (node = hf_table_first(&table, 7); node; node = hf_table_next(node)) {
    sum += item_of(node)->number;
  }
  assert_int_equal(sum, 1 + 8);
}

/* Keys chosen to collide in an unkeyed table: multiples of a power of two. */
static void chosen_keys_do_not_make_long_chains(void **state) {
  size_t longest = 0;
  size_t i;

  (void)state;
  for (i = 0; i < KEYS; i++) {
    uint64_t chosen = (uint64_t)i << 40;
    add((int)i, hf_table_hash(&table, &chosen, sizeof chosen));
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
}

static void the_array_grows_and_shrinks_with_the_number_of_nodes(void **state) {
  size_t smallest;
  int i;

  (void)state;
  add(0, 0);
  smallest = table.size;
  for (i = 1; i < MANY; i++) {
    add(i, (uint64_t)i);
    assert_true(table.size >= table.count);
  }
  for (i = 0; i < MANY; i++) {
    hf_table_remove(&table, &items[i].node);
    assert_true(table.size <= smallest || table.size <= table.count * 8 + 8);
  }
  assert_int_equal(table.size, smallest);
}

static void a_node_added_and_removed_in_turn_does_not_resize_it(void **state) {
  size_t size;
  int i;

  (void)state;
  for (i = 0; i < MANY; i++) {
    size_t resized = 0;
    int turn;
    add(i, (uint64_t)i);
    size = table.size;
    for (turn = 0; turn < 4; turn++) {
      hf_table_remove(&table, &items[i].node);
      add(i, (uint64_t)i);
      resized += table.size != size;
    }
    assert_int_equal(resized, 0);
  }
}

static void a_table_that_cannot_be_resized_keeps_its_nodes(void **state) {
  int i;

  (void)state;
  fail_allocations_after(0);
  items[0].node.hash = 0;
  assert_int_equal(hf_table_add(&table, &items[0].node), HF_NO_MEMORY);
  assert_int_equal(table.count, 0);
  fail_allocations_after(1);
  for (i = 0; i < MANY; i++) {
    add(i, (uint64_t)i);
  }
  for (i = 0; i < MANY; i++) {
    assert_true(has(&items[i]));
  }
  assert_true(allocations_were_failed());
  add(MANY, MANY);
  assert_true(table.size > 16);
  fail_allocations_after(0);
  for (i = 1; i <= MANY; i++) {
    hf_table_remove(&table, &items[i].node);
  }
  assert_true(allocations_were_failed());
  assert_true(has(&items[0]));
}

static void a_walk_visits_each_node_once(void **state) {
  struct hf_table_node *node;
  int visits[MANY] = {0};
  int i;

  (void)state;
  for (i = 0; i < MANY; i++) {
    add(i, (uint64_t)i * 3 % 700); /* some hashes twice */
  }
  HF_TABLE_EACH(node, &table) {
    visits[item_of(node)->number]++;
  }
  for (i = 0; i < MANY; i++) {
    assert_int_equal(visits[i], 1);
  }
}

static void a_table_is_emptied_by_removing_any_node(void **state) {
  struct hf_table_node *node;
  int removed = 0;
  int i;

  (void)state;
  for (i = 0; i < MANY; i++) {
    add(i, (uint64_t)i);
  }
  while ((node = hf_table_any(&table)) != NULL) {
    hf_table_remove(&table, node);
    removed++;
  }
  assert_int_equal(removed, MANY);
  add(5, 5); /* before what was walked past */
  assert_ptr_equal(hf_table_any(&table), &items[5].node);
}

static void a_finished_table_can_be_used_again(void **state) {
  uint64_t hash;

  (void)state;
  hash = hf_table_hash(&table, "abc", 3);
  add(0, hash);
  hf_table_finish(&table);
  assert_null(hf_table_first(&table, hash));
  assert_true(hf_table_hash(&table, "abc", 3) == hash);
  add(1, hash);
  assert_true(has(&items[1]));
}

/* Random moves against what is known to be in the table. */
static void random_operations_agree_with_a_list_of_what_was_added(
    void **state) {
  bool in[MANY] = {false};
  uint32_t seed = 1;
  size_t count = 0;
  int move;

  (void)state;
  for (move = 0; move < MOVES; move++) {
    /* Mostly adding, then mostly removing, and so on. */
    bool adds = (next_random(&seed) % 4 != 0) == (move / MANY % 2 == 0);
    int i = (int)(next_random(&seed) % MANY);
    struct hf_table_node *any;
    assert_int_equal(has(&items[i]), in[i]);
    if (adds && !in[i]) {
      add(i, next_random(&seed) % 256);
      count++;
    } else if (!adds && in[i]) {
      hf_table_remove(&table, &items[i].node);
      count--;
    } else {
      continue;
    }
    in[i] = adds;
    assert_int_equal(table.count, count);
    any = move % 16 == 0 ? hf_table_any(&table) : NULL;
    assert_true(any == NULL || in[item_of(any)->number]);
  }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(an_empty_table_has_no_nodes),
      TEST(a_node_is_found_by_its_hash_until_it_is_removed),
      TEST(nodes_with_the_same_hash_are_all_found),
      TEST(chosen_keys_do_not_make_long_chains),
      TEST(the_array_grows_and_shrinks_with_the_number_of_nodes),
      TEST(a_node_added_and_removed_in_turn_does_not_resize_it),
      TEST(a_table_that_cannot_be_resized_keeps_its_nodes),
      TEST(a_walk_visits_each_node_once),
      TEST(a_table_is_emptied_by_removing_any_node),
      TEST(a_finished_table_can_be_used_again),
      TEST(random_operations_agree_with_a_list_of_what_was_added),
  };
  return cmocka_run_group_tests_name("hash_table", tests, NULL, NULL);
}
