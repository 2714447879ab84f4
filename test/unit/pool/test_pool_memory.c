/* SPDX-License-Identifier: MIT */
/*
 * The pool without memory: it loses text, never a call. Every allocation of a
 * scripted life is made to fail, each in a run of its own, alone or with all
 * that follow it.
 */
#include "core/base/alloc.h"
#include "sim.h"

enum { US = 1000, LONG_MS = 3000, MANY = 1000 };

static struct sim sim;
static size_t until; /* allocations before the one that fails */
static bool only_one;
static bool failed;

static bool allow(void *ctx) {
  (void)ctx;
  if (until > 0) {
    until--;
    return true;
  }
  if (only_one && failed) {
    return true;
  }
  failed = true;
  return false;
}

static void connect_after_failures(void) {
  struct call *call = sim_make(&sim, HF_REQUEST_QUERY);

  call->request.acquire_us = sim.now_us + 10 * US;
  sim_submit(&sim, call);
  sim_refuse(&sim, "57P03");
  sim_advance(&sim, 10);
  expect_status(call, HF_ACQUIRE_TIMEOUT);
  expect_outcome(call, HF_OUTCOME_NOT_EXECUTED);
  sim_warm(&sim, 2);
}

static void run_queries(void) {
  struct call *bad = sim_write(&sim);
  struct call *lost, *read, *aborted;

  sim_fail(&sim, bad, "40001", 'I');
  sim_advance(&sim, LONG_MS);
  sim_fail(&sim, bad, "23505", 'I');
  expect_sqlstate(bad, "23505");
  lost = sim_make(&sim, HF_REQUEST_QUERY);
  sim_describe(&lost->request, HF_SQL_INSERT);
  lost->request.flags = HF_FLAG_IDEMPOTENT;
  lost->request.max_retries = 1;
  sim_submit(&sim, lost);
  sim_lose(&sim, lost->request.slot);
  sim_advance(&sim, LONG_MS);
  sim_fail(&sim, lost, "42601", 'I');
  expect_outcome(lost, HF_OUTCOME_AMBIGUOUS);
  read = sim_read(&sim);
  sim_answer(&sim, read, 'I');
  expect_success(read);
  aborted = sim_write(&sim);
  sim_abort(&sim, aborted);
  sim_advance(&sim, LONG_MS);
  expect_status(aborted, HF_ABORTED);
}

static void run_lease(void) {
  struct call *lease = sim_acquire(&sim);
  struct call *commit, *later;

  sim_connect(&sim);
  expect_success(lease);
  sim_answer(&sim, sim_statement(&sim, lease, HF_SQL_BEGIN), 'T');
  commit = sim_statement(&sim, lease, HF_SQL_COMMIT);
  later = sim_statement(&sim, lease, HF_SQL_SELECT);
  sim_lose(&sim, lease->lease.slot);
  expect_status(commit, HF_OUTCOME_UNKNOWN);
  expect_outcome(later, HF_OUTCOME_AMBIGUOUS);
  sim_release(&sim, lease, HF_RELEASE_KEEP);
}

/* Returns whether an allocation failed on the way. */
static bool live_with(size_t n) {
  sim_open_max(&sim, 2);
  until = n;
  failed = false;
  hf_alloc_set_hook(allow, NULL);
  connect_after_failures();
  run_queries();
  run_lease();
  hf_alloc_set_hook(NULL, NULL);
  sim_close(&sim);
  return failed;
}

static void without_memory_there_is_no_pool(void **state) {
  struct hf_config config = sim_config(2);
  struct hf_pool_io outside = {0};

  (void)state;
  until = 0;
  only_one = false;
  failed = false;
  hf_alloc_set_hook(allow, NULL);
  assert_int_equal(hf_pool_init(&sim.pool, &config, &outside, 1), HF_NO_MEMORY);
  hf_alloc_set_hook(NULL, NULL);
}

static void one_failed_allocation_loses_no_call(void **state) {
  size_t n = 0;

  (void)state;
  only_one = true;
  while (live_with(n)) {
    n++;
    assert_true(n < MANY);
  }
  assert_true(n > 0);
}

static void failing_all_further_allocations_loses_no_call(void **state) {
  size_t n = 0;

  (void)state;
  only_one = false;
  while (live_with(n)) {
    n++;
    assert_true(n < MANY);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(without_memory_there_is_no_pool),
      cmocka_unit_test(one_failed_allocation_loses_no_call),
      cmocka_unit_test(failing_all_further_allocations_loses_no_call)};

  return cmocka_run_group_tests_name("pool_memory", tests, NULL, NULL);
}
