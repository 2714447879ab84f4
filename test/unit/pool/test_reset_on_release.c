/* SPDX-License-Identifier: MIT */
/* resetOnRelease: what a session has is reset before somebody else uses it. */
#include <string.h>

#include "core/sql/scan.h"
#include "sim.h"

static struct sim sim;

static void open_with(enum hf_reset_on_release reset, bool proxied) {
  struct hf_config config = sim_config(1);

  config.reset_on_release = reset;
  sim_open(&sim, &config);
  sim.proxied = proxied;
}

/* Runs a statement by query() and returns how many resets there were. */
static size_t resets_after(const char *sql) {
  struct call *call = sim_write(&sim);

  hf_sql_scan(sql, strlen(sql), &call->request.sql);
  sim_connect(&sim);
  sim_answer(&sim, call, 'I');
  sim_check_all(&sim);
  return sim.counts[SIM_DEALLOCATE];
}

static void by_default_nothing_is_reset(void **state) {
  (void)state;
  open_with(HF_RESET_ON_RELEASE_OFF, false);
  assert_int_equal(resets_after("set work_mem to '4MB'"), 0);
  sim_close(&sim);
}

static void detected_resets_after_what_leaves_something(void **state) {
  static const char *const leave[] = {"set role a",
                                      "listen a",
                                      "prepare a as select 1",
                                      "create temp table a (b int)",
                                      "select pg_advisory_lock(1)",
                                      "select set_config('a.b', 'c', false)"};
  static const char *const leave_nothing[] = {
      "insert into a values (1)",
      "set local role a",
      "select pg_advisory_xact_lock(1)",
      "select set_config('a.b', 'c', true)"};
  size_t i;

  (void)state;
  open_with(HF_RESET_ON_RELEASE_DETECTED, false);
  for (i = 0; i < sizeof leave / sizeof *leave; i++) {
    assert_int_equal(resets_after(leave[i]), i + 1);
  }
  for (i = 0; i < sizeof leave_nothing / sizeof *leave_nothing; i++) {
    assert_int_equal(resets_after(leave_nothing[i]),
                     sizeof leave / sizeof *leave);
  }
  sim_close(&sim);
}

static void a_client_is_reset_once_after_its_release(void **state) {
  struct call *lease, *call, *next;

  (void)state;
  open_with(HF_RESET_ON_RELEASE_DETECTED, false);
  lease = sim_acquire(&sim);
  sim_connect(&sim);
  call = sim_statement(&sim, lease, HF_SQL_OTHER);
  assert_int_equal(call->sent, 1);
  call->request.sql.session_state = true;
  sim_answer(&sim, call, 'I');
  assert_int_equal(sim.counts[SIM_DEALLOCATE], 0);
  next = sim_write(&sim);
  sim_release(&sim, lease, HF_RELEASE_KEEP);
  assert_int_equal(sim.counts[SIM_DEALLOCATE], 1);
  assert_int_equal(next->sent, 0);
  sim_check_all(&sim);
  assert_int_equal(next->sent, 1);
  sim_close(&sim);
}

static void a_transaction_left_open_is_rolled_back_first(void **state) {
  struct call *lease, *call;

  (void)state;
  open_with(HF_RESET_ON_RELEASE_ALWAYS, false);
  lease = sim_acquire(&sim);
  sim_connect(&sim);
  call = sim_statement(&sim, lease, HF_SQL_OTHER);
  sim_answer(&sim, call, 'T');
  sim_release(&sim, lease, HF_RELEASE_KEEP);
  assert_int_equal(sim.counts[SIM_DEALLOCATE], 0);
  sim_check_all(&sim);
  assert_int_equal(sim.counts[SIM_DEALLOCATE], 1);
  sim_close(&sim);
}

static void always_resets_after_each_client_but_not_after_a_query(
    void **state) {
  struct call *lease;

  (void)state;
  open_with(HF_RESET_ON_RELEASE_ALWAYS, false);
  assert_int_equal(resets_after("insert into a values (1)"), 0);
  lease = sim_acquire(&sim);
  sim_release(&sim, lease, HF_RELEASE_KEEP);
  assert_int_equal(sim.counts[SIM_DEALLOCATE], 1);
  sim_check_all(&sim);
  sim_close(&sim);
}

static void behind_a_pooler_nothing_is_reset_and_one_warning_given(
    void **state) {
  (void)state;
  open_with(HF_RESET_ON_RELEASE_ALWAYS, true);
  assert_int_equal(resets_after("select pg_advisory_lock(1)"), 0);
  assert_int_equal(resets_after("create temp table a (b int)"), 0);
  assert_int_equal(sim.events[HF_EVENT_WARNING], 1);
  assert_int_equal(sim.event_status, HF_SESSION_REQUIRED);
  sim_close(&sim);
}

static void a_session_that_a_hook_prepared_is_closed_instead(void **state) {
  struct hf_slot *slot;

  (void)state;
  open_with(HF_RESET_ON_RELEASE_DETECTED, false);
  assert_int_equal(resets_after("insert into a values (1)"), 0);
  slot = sim_slot_in(&sim, HF_SLOT_IDLE);
  slot->hooked = true;
  assert_int_equal(resets_after("set role a"), 0);
  assert_int_equal(sim_count(&sim, HF_SLOT_IDLE), 0);
  sim_close(&sim);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(by_default_nothing_is_reset),
      cmocka_unit_test(detected_resets_after_what_leaves_something),
      cmocka_unit_test(a_client_is_reset_once_after_its_release),
      cmocka_unit_test(a_transaction_left_open_is_rolled_back_first),
      cmocka_unit_test(always_resets_after_each_client_but_not_after_a_query),
      cmocka_unit_test(behind_a_pooler_nothing_is_reset_and_one_warning_given),
      cmocka_unit_test(a_session_that_a_hook_prepared_is_closed_instead)};

  return cmocka_run_group_tests_name("reset on release", tests, NULL, NULL);
}
