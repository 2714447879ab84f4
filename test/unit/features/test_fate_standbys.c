/* SPDX-License-Identifier: MIT */
/* A COMMIT that is done on the primary, and has to be confirmed by standbys. */
#include "fate_support.h"

static void a_commit_that_waited_for_standbys_is_confirmed_by_them(
    void **state) {
  static const char *const waits[] = {"on", "remote_write", "remote_apply"};
  size_t i;

  (void)state;
  for (i = 0; i < sizeof waits / sizeof *waits; i++) {
    struct hf_fate_identity who = identity;
    struct asking asking;

    who.waits = waits[i];
    asking = connected(&who, 0);
    answer(&asking, "committed");
    expect_step(&asking, HF_FATE_STANDBYS);
    say(&asking, HF_FATE_EVENT_NAMED, "any 1 (*)", NULL, NULL);
    expect_step(&asking, HF_FATE_CONFIRM);
    tell(&asking, HF_FATE_EVENT_CONFIRMED);
    expect_step(&asking, HF_FATE_COMMITTED);
  }
}

static void a_commit_that_waited_for_its_own_disk_needs_no_standby(
    void **state) {
  static const char *const waits[] = {"off", "local"};
  size_t i;

  (void)state;
  for (i = 0; i < sizeof waits / sizeof *waits; i++) {
    struct hf_fate_identity who = identity;
    struct asking asking;

    who.waits = waits[i];
    asking = connected(&who, 0);
    answer(&asking, "committed");
    expect_step(&asking, HF_FATE_COMMITTED);
  }
}

static void without_standbys_no_confirmation_is_needed(void **state) {
  struct asking asking = connected(&replicated, 0);

  (void)state;
  answer(&asking, "committed");
  say(&asking, HF_FATE_EVENT_NAMED, " \t", NULL, NULL);
  expect_step(&asking, HF_FATE_COMMITTED);
}

/* The server has done it; its standbys are waited for. */
static struct asking confirming(double end_ms) {
  struct asking asking = connected(&replicated, end_ms);

  answer(&asking, "committed");
  say(&asking, HF_FATE_EVENT_NAMED, "standby1", NULL, NULL);
  expect_step(&asking, HF_FATE_CONFIRM);
  return asking;
}

static void standbys_that_do_not_confirm_in_time_leave_it_in_doubt(
    void **state) {
  struct asking asking = confirming(0);

  (void)state;
  asking.now_ms += asking.order.left_ms;
  tell(&asking, HF_FATE_EVENT_FAILED);
  expect_unknown(&asking,
                 "the server committed it, but its synchronous standbys did "
                 "not confirm it");
}

static void a_confirmation_that_is_lost_is_asked_for_again(void **state) {
  struct asking asking = confirming(0);

  (void)state;
  tell(&asking, HF_FATE_EVENT_FAILED);
  wait_a_pause(&asking);
  tell(&asking, HF_FATE_EVENT_CONNECTED);
  answer(&asking, "committed");
  say(&asking, HF_FATE_EVENT_NAMED, "standby1", NULL, NULL);
  tell(&asking, HF_FATE_EVENT_CONFIRMED);
  expect_step(&asking, HF_FATE_COMMITTED);
}

static void a_standby_promoted_while_it_confirmed_is_not_believed(
    void **state) {
  struct asking asking = confirming(0);

  (void)state;
  tell(&asking, HF_FATE_EVENT_FAILED);
  wait_a_pause(&asking);
  tell(&asking, HF_FATE_EVENT_CONNECTED);
  say(&asking,
      HF_FATE_EVENT_ANSWERED,
      identity.server,
      "00000002",
      "committed");
  expect_unknown(&asking, "the server was replaced by a standby");
}

static void a_deadline_while_standbys_are_waited_for_leaves_it_in_doubt(
    void **state) {
  struct asking asking = confirming(BEGAN + 500);

  (void)state;
  assert_int_equal(asking.order.left_ms, 500);
  asking.now_ms += 500;
  tell(&asking, HF_FATE_EVENT_ABANDONED);
  expect_step(&asking, HF_FATE_UNKNOWN);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_commit_that_waited_for_standbys_is_confirmed_by_them),
      cmocka_unit_test(a_commit_that_waited_for_its_own_disk_needs_no_standby),
      cmocka_unit_test(without_standbys_no_confirmation_is_needed),
      cmocka_unit_test(standbys_that_do_not_confirm_in_time_leave_it_in_doubt),
      cmocka_unit_test(a_confirmation_that_is_lost_is_asked_for_again),
      cmocka_unit_test(a_standby_promoted_while_it_confirmed_is_not_believed),
      cmocka_unit_test(
          a_deadline_while_standbys_are_waited_for_leaves_it_in_doubt),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
