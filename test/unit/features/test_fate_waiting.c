/* SPDX-License-Identifier: MIT */
/* A COMMIT whose transaction is still in progress: asked again, then ended. */
#include "fate_support.h"

enum { MILLION = 1000000 };

static void a_transaction_in_progress_is_asked_for_again_soon_at_first(
    void **state) {
  static const int32_t delays[] = {5, 10, 20, 40, 25};
  struct asking asking = connected(&identity, 0);
  size_t i;

  (void)state;
  for (i = 0; i < sizeof delays / sizeof *delays; i++) {
    answer(&asking, "in progress");
    expect_step(&asking, HF_FATE_PAUSE);
    assert_int_equal(asking.order.delay_ms, delays[i]);
    wait_a_pause(&asking);
    expect_step(&asking, HF_FATE_ASK);
  }
  answer(&asking, "committed");
  expect_step(&asking, HF_FATE_COMMITTED);
}

/* Answers "in progress" until the backend is to be ended. */
static void run_out_of_patience(struct asking *asking) {
  double began_ms = asking->now_ms;

  answer(asking, "in progress");
  while (asking->order.step == HF_FATE_PAUSE) {
    wait_a_pause(asking);
    answer(asking, "in progress");
  }
  expect_step(asking, HF_FATE_TERMINATE);
  assert_true(asking->now_ms - began_ms == HF_FATE_PATIENCE_MS);
}

static void a_transaction_that_stays_in_progress_is_terminated(void **state) {
  struct asking asking = connected(&identity, 0);

  (void)state;
  run_out_of_patience(&asking);
  tell(&asking, HF_FATE_EVENT_TERMINATED);
  assert_int_equal(asking.order.delay_ms, HF_FATE_FIRST_PAUSE_MS);
  wait_a_pause(&asking);
  expect_step(&asking, HF_FATE_ASK);
  answer(&asking, "aborted");
  expect_step(&asking, HF_FATE_ROLLED_BACK);
}

static void a_backend_that_does_not_end_is_terminated_again(void **state) {
  struct asking asking = connected(&identity, 0);

  (void)state;
  run_out_of_patience(&asking);
  tell(&asking, HF_FATE_EVENT_TERMINATED);
  wait_a_pause(&asking);
  while (asking.order.step != HF_FATE_TERMINATE) {
    answer(&asking, "in progress");
    if (asking.order.step == HF_FATE_PAUSE) {
      wait_a_pause(&asking);
    }
  }
  assert_true(asking.now_ms < BEGAN + 3 * HF_FATE_PATIENCE_MS);
}

static void without_permission_to_terminate_it_is_asked_until_it_ends(
    void **state) {
  struct asking asking = connected(&identity, 0);

  (void)state;
  run_out_of_patience(&asking);
  tell(&asking, HF_FATE_EVENT_REFUSED);
  wait_a_pause(&asking);
  expect_step(&asking, HF_FATE_CONNECT);
  tell(&asking, HF_FATE_EVENT_CONNECTED);
  answer(&asking, "committed");
  expect_step(&asking, HF_FATE_COMMITTED);
}

/* Answers "in progress" for as long as there is a question. */
static void stay_in_progress(struct asking *asking) {
  int questions;

  for (questions = 0; asking->order.step < HF_FATE_COMMITTED; questions++) {
    assert_true(questions < MILLION);
    if (asking->order.step == HF_FATE_ASK) {
      answer(asking, "in progress");
    } else if (asking->order.step == HF_FATE_TERMINATE) {
      tell(asking, HF_FATE_EVENT_TERMINATED);
    } else {
      wait_a_pause(asking);
    }
  }
}

static void a_transaction_in_progress_for_ever_stays_in_doubt(void **state) {
  struct asking asking = connected(&identity, 0);

  (void)state;
  stay_in_progress(&asking);
  expect_unknown(&asking, "the transaction is still in progress");
  assert_true(asking.now_ms <= BEGAN + HF_FATE_ASK_MS);
  assert_true(asking.now_ms >= BEGAN + HF_FATE_ASK_MS - 2 * HF_FATE_PAUSE_MS);
}

static void the_callers_deadline_ends_the_search(void **state) {
  struct asking asking = connected(&identity, BEGAN + 300);

  (void)state;
  assert_int_equal(asking.order.left_ms, 300);
  stay_in_progress(&asking);
  expect_unknown(&asking, "the transaction is still in progress");
  assert_true(asking.now_ms <= BEGAN + 300);
}

static void a_later_deadline_does_not_prolong_the_search(void **state) {
  struct asking asking = begin(&identity, BEGAN + MILLION);

  (void)state;
  assert_int_equal(asking.order.left_ms, HF_FATE_ASK_MS);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(
          a_transaction_in_progress_is_asked_for_again_soon_at_first),
      cmocka_unit_test(a_transaction_that_stays_in_progress_is_terminated),
      cmocka_unit_test(a_backend_that_does_not_end_is_terminated_again),
      cmocka_unit_test(
          without_permission_to_terminate_it_is_asked_until_it_ends),
      cmocka_unit_test(a_transaction_in_progress_for_ever_stays_in_doubt),
      cmocka_unit_test(the_callers_deadline_ends_the_search),
      cmocka_unit_test(a_later_deadline_does_not_prolong_the_search),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
