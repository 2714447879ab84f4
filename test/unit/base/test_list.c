/* SPDX-License-Identifier: MIT */
#include "core/base/list.h"
#include "support.h"

struct item {
  int value;
  struct hf_link link;
};

static int value_of(const struct hf_link *link) {
  return HF_CONTAINER_OF(link, struct item, link)->value;
}

static void a_new_list_is_empty(void **state) {
  struct hf_list list;

  (void)state;
  hf_list_init(&list);
  assert_true(hf_list_empty(&list));
  assert_int_equal(list.count, 0);
  assert_null(hf_list_first(&list));
  assert_null(hf_list_pop(&list));
}

static void links_are_popped_in_insertion_order(void **state) {
  struct item items[3] = {{1, {0}}, {2, {0}}, {3, {0}}};
  struct hf_list list;
  int i;

  (void)state;
  hf_list_init(&list);
  for (i = 0; i < 3; i++) {
    hf_list_push(&list, &items[i].link);
  }
  assert_int_equal(list.count, 3);
  for (i = 1; i <= 3; i++) {
    assert_int_equal(value_of(hf_list_pop(&list)), i);
  }
  assert_true(hf_list_empty(&list));
}

static void a_link_pushed_to_the_front_is_popped_first(void **state) {
  struct item items[2] = {{1, {0}}, {2, {0}}};
  struct hf_list list;

  (void)state;
  hf_list_init(&list);
  hf_list_push(&list, &items[0].link);
  hf_list_push_front(&list, &items[1].link);
  assert_int_equal(value_of(hf_list_first(&list)), 2);
  assert_int_equal(value_of(hf_list_next(&list, &items[1].link)), 1);
  assert_null(hf_list_next(&list, &items[0].link));
}

static void a_link_says_whether_it_is_queued(void **state) {
  struct item item = {0};
  struct hf_list list;

  (void)state;
  hf_list_init(&list);
  assert_false(hf_link_queued(&item.link));
  hf_list_push(&list, &item.link);
  assert_true(hf_link_queued(&item.link));
  hf_list_remove(&list, &item.link);
  assert_false(hf_link_queued(&item.link));
  hf_list_push(&list, &item.link);
  assert_ptr_equal(hf_list_pop(&list), &item.link);
  assert_false(hf_link_queued(&item.link));
}

static void a_link_can_be_removed_from_the_middle(void **state) {
  struct item items[3] = {{1, {0}}, {2, {0}}, {3, {0}}};
  struct hf_list list;
  struct hf_link *link;
  int sum = 0;
  int i;

  (void)state;
  hf_list_init(&list);
  for (i = 0; i < 3; i++) {
    hf_list_push(&list, &items[i].link);
  }
  hf_list_remove(&list, &items[1].link);
  HF_LIST_EACH(link, &list) {
    sum += value_of(link);
  }
  assert_int_equal(sum, 4);
  assert_int_equal(list.count, 2);
}

static void the_safe_walk_may_remove_the_current_link(void **state) {
  struct item items[4] = {{1, {0}}, {2, {0}}, {3, {0}}, {4, {0}}};
  struct hf_list list;
  struct hf_link *link, *after;
  int i;

  (void)state;
  hf_list_init(&list);
  for (i = 0; i < 4; i++) {
    hf_list_push(&list, &items[i].link);
  }
  HF_LIST_EACH_SAFE(link, after, &list) {
    if (value_of(link) % 2 == 0) {
      hf_list_remove(&list, link);
    }
  }
  assert_int_equal(list.count, 2);
  assert_int_equal(value_of(hf_list_pop(&list)), 1);
  assert_int_equal(value_of(hf_list_pop(&list)), 3);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_new_list_is_empty),
      cmocka_unit_test(links_are_popped_in_insertion_order),
      cmocka_unit_test(a_link_pushed_to_the_front_is_popped_first),
      cmocka_unit_test(a_link_says_whether_it_is_queued),
      cmocka_unit_test(a_link_can_be_removed_from_the_middle),
      cmocka_unit_test(the_safe_walk_may_remove_the_current_link),
  };

  return cmocka_run_group_tests_name("list", tests, NULL, NULL);
}
