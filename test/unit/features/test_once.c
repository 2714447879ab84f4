/* SPDX-License-Identifier: MIT */
/* A statement in a transaction of its own: what is sent when. */
#include <string.h>

#include "core/features/once.h"
#include "death.h"
#include "support.h"

enum { GAMES = 20000, SEED = 9 };

static const struct hf_once_answer done = {.known = true, .transaction = 'T'};

static struct hf_once running(void) {
  struct hf_once once;

  hf_once_init(&once);
  assert_int_equal(hf_once_on_lent(&once, false), HF_ONCE_DO_RUN);
  return once;
}

static void expect_state(const struct hf_once *once, enum hf_once_state state) {
  assert_string_equal(hf_once_state_name(once->state),
                      hf_once_state_name(state));
}

static void what_succeeded_on_a_known_server_is_committed(void **state) {
  struct hf_once once = running();

  (void)state;
  assert_int_equal(hf_once_on_ran(&once, &done), HF_ONCE_DO_COMMIT);
  expect_state(&once, HF_ONCE_COMMITTING);
  hf_once_on_ended(&once);
  expect_state(&once, HF_ONCE_OVER);
}

static void without_its_identity_it_is_rolled_back(void **state) {
  struct hf_once once = running();
  struct hf_once_answer answer = done;

  (void)state;
  answer.known = false;
  assert_int_equal(hf_once_on_ran(&once, &answer), HF_ONCE_DO_ROLL_BACK);
  expect_state(&once, HF_ONCE_ROLLING_BACK);
  hf_once_on_ended(&once);
  expect_state(&once, HF_ONCE_OVER);
}

static void what_failed_is_rolled_back_where_a_transaction_is_open(
    void **state) {
  static const char open[] = {'T', 'E'};
  static const char closed[] = {'I', 0};
  struct hf_once_answer answer = {.failed = true, .known = true};
  size_t i;

  (void)state;
  for (i = 0; i < sizeof open; i++) {
    struct hf_once once = running();
    answer.transaction = open[i];
    assert_int_equal(hf_once_on_ran(&once, &answer), HF_ONCE_DO_ROLL_BACK);
  }
  for (i = 0; i < sizeof closed; i++) {
    struct hf_once once = running();
    answer.transaction = closed[i];
    assert_int_equal(hf_once_on_ran(&once, &answer), HF_ONCE_DO_RELEASE);
    expect_state(&once, HF_ONCE_OVER);
  }
}

static void nothing_is_sent_where_nobody_waits_or_the_connection_is_gone(
    void **state) {
  struct hf_once_answer lost = done;
  struct hf_once_answer abandoned = done;
  struct hf_once once = running();

  (void)state;
  lost.lost = true;
  assert_int_equal(hf_once_on_ran(&once, &lost), HF_ONCE_DO_RELEASE);
  once = running();
  abandoned.abandoned = true;
  assert_int_equal(hf_once_on_ran(&once, &abandoned), HF_ONCE_DO_RELEASE);
  hf_once_init(&once);
  assert_int_equal(hf_once_on_lent(&once, true), HF_ONCE_DO_RELEASE);
  expect_state(&once, HF_ONCE_OVER);
}

static void without_a_connection_it_is_over(void **state) {
  struct hf_once once;

  (void)state;
  hf_once_init(&once);
  hf_once_on_refused(&once);
  expect_state(&once, HF_ONCE_OVER);
}

/* COMMIT follows from one answer only, and something ends what is open. */
static void commit_needs_all_of_it(void **state) {
  static const char statuses[] = {'I', 'T', 'E', 0};
  uint32_t seed = SEED;
  int commits = 0;
  int i;

  (void)state;
  for (i = 0; i < GAMES; i++) {
    struct hf_once once = running();
    uint32_t bits = next_random(&seed) >> 3;
    struct hf_once_answer answer = {.failed = (bits & 1) != 0,
                                    .lost = (bits & 2) != 0,
                                    .abandoned = (bits & 4) != 0,
                                    .known = (bits & 8) != 0,
                                    .transaction = statuses[(bits >> 4) & 3]};
    bool open = answer.transaction == 'T' || answer.transaction == 'E';
    bool commits_now =
        !answer.failed && !answer.lost && !answer.abandoned && answer.known;
    enum hf_once_order order = hf_once_on_ran(&once, &answer);

    assert_int_equal(order == HF_ONCE_DO_COMMIT, commits_now);
    if (order == HF_ONCE_DO_RELEASE) {
      assert_true(answer.lost || answer.abandoned || (answer.failed && !open));
    }
    commits += order == HF_ONCE_DO_COMMIT;
  }
  assert_in_range(commits, 1, GAMES - 1);
}

static void run_twice(void) {
  struct hf_once once = running();
  (void)hf_once_on_ran(&once, &done);
  (void)hf_once_on_ran(&once, &done);
}

static void a_statement_ends_once(void **state) {
  (void)state;
  assert_true(aborts(run_twice));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_succeeded_on_a_known_server_is_committed),
      cmocka_unit_test(without_its_identity_it_is_rolled_back),
      cmocka_unit_test(what_failed_is_rolled_back_where_a_transaction_is_open),
      cmocka_unit_test(
          nothing_is_sent_where_nobody_waits_or_the_connection_is_gone),
      cmocka_unit_test(without_a_connection_it_is_over),
      cmocka_unit_test(commit_needs_all_of_it),
      cmocka_unit_test(a_statement_ends_once),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
