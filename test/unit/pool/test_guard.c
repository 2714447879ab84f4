/* SPDX-License-Identifier: MIT */
/* Reads by their text alone: repeated only where the server forbids writing. */
#include "world.h"

enum { LONG_MS = 3000 };

static struct world world;

static struct call *run(enum hf_sql_kind kind, int flags) {
  struct call *call;

  world_open_max(&world, 2);
  world_warm(&world, 2);
  call = world_make(&world, HF_REQUEST_QUERY);
  world_describe(&call->request, kind);
  call->request.flags = flags;
  world_submit(&world, call);
  assert_int_equal(call->sent, 1);
  return call;
}

static void lose(struct call *call) {
  world_lose(&world, call->request.slot);
  world_advance(&world, LONG_MS);
}

static void a_lost_read_goes_again_guarded(void **state) {
  struct call *call = run(HF_SQL_SELECT, 0);

  (void)state;
  assert_false(call->request.guarded);
  lose(call);
  assert_int_equal(call->sent, 2);
  assert_true(call->request.guarded);
  assert_true(hf_request_must_not_write(&call->request));
  world_answer(&world, call, 'I');
  expect_success(call);
  world_close(&world);
}

static void a_read_that_was_rolled_back_goes_again_as_it_is(void **state) {
  struct call *call = run(HF_SQL_SELECT, 0);

  (void)state;
  world_fail(&world, call, "40001", 'I');
  world_advance(&world, LONG_MS);
  assert_int_equal(call->sent, 2);
  assert_false(call->request.guarded);
  world_close(&world);
}

static void what_is_declared_needs_no_guard(void **state) {
  static const int flags[] = {HF_FLAG_READ_ONLY, HF_FLAG_IDEMPOTENT};
  size_t i;

  (void)state;
  for (i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
    struct call *call = run(HF_SQL_SELECT, flags[i]);

    lose(call);
    assert_int_equal(call->sent, 2);
    assert_false(call->request.guarded);
    world_close(&world);
  }
}

static void a_guarded_read_that_writes_answers_with_the_first_error(void **s) {
  struct call *call = run(HF_SQL_SELECT, 0);

  (void)s;
  lose(call);
  world_fail(&world, call, "25006", 'I');
  expect_status(call, HF_SOCKET_ERROR);
  expect_outcome(call, HF_OUTCOME_AMBIGUOUS);
  assert_false(call->error.retryable);
  assert_int_equal(call->sent, 2);
  /* The server is no standby for that: its connection stays. */
  assert_int_equal(world_count(&world, HF_SLOT_IDLE), 1);
  world_close(&world);
}

static void a_guard_that_cannot_be_set_ends_it_too(void **state) {
  struct call *call = run(HF_SQL_SELECT, 0);

  (void)state;
  lose(call);
  call->request.progress = HF_PROGRESS_UNPARSED;
  world_fail(&world, call, "0A000", 'I');
  expect_status(call, HF_SOCKET_ERROR);
  expect_outcome(call, HF_OUTCOME_AMBIGUOUS);
  world_close(&world);
}

static void a_later_failure_does_not_remove_the_doubt(void **state) {
  struct call *call = run(HF_SQL_SELECT, 0);

  (void)state;
  lose(call);
  world_fail(&world, call, "42P01", 'I');
  expect_sqlstate(call, "42P01");
  expect_outcome(call, HF_OUTCOME_AMBIGUOUS);
  assert_int_equal(call->cause.status, HF_SOCKET_ERROR);
  world_close(&world);
}

static void guarded_reads_share_no_connection(void **state) {
  struct call *call, *other;

  (void)state;
  world_open_max(&world, 1);
  world_warm(&world, 1);
  call = world_read(&world);
  world_lose(&world, call->request.slot);
  world_advance(&world, LONG_MS);
  world_connect(&world);
  assert_int_equal(call->sent, 2);
  other = world_read(&world);
  assert_int_equal(other->sent, 0);
  world_answer(&world, call, 'I');
  assert_int_equal(other->sent, 1);
  world_close(&world);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_lost_read_goes_again_guarded),
      cmocka_unit_test(a_read_that_was_rolled_back_goes_again_as_it_is),
      cmocka_unit_test(what_is_declared_needs_no_guard),
      cmocka_unit_test(a_guarded_read_that_writes_answers_with_the_first_error),
      cmocka_unit_test(a_guard_that_cannot_be_set_ends_it_too),
      cmocka_unit_test(a_later_failure_does_not_remove_the_doubt),
      cmocka_unit_test(guarded_reads_share_no_connection)};

  return cmocka_run_group_tests_name("guard", tests, NULL, NULL);
}
