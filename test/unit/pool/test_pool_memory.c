/* SPDX-License-Identifier: MIT */
/*
 * The pool without memory: it loses text, never a call. Every allocation of a
 * scripted life is made to fail, each in a run of its own, alone or with all
 * that follow it.
 */
#include "core/base/alloc.h"
#include "world.h"

enum { US = 1000, LONG_MS = 3000, MANY = 1000 };

static struct world world;
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
  struct call *call = world_make(&world, HF_REQUEST_QUERY);

  call->request.acquire_us = world.now_us + 10 * US;
  world_submit(&world, call);
  world_refuse(&world, "57P03");
  world_advance(&world, 10);
  expect_status(call, HF_ACQUIRE_TIMEOUT);
  expect_outcome(call, HF_OUTCOME_NOT_EXECUTED);
  world_warm(&world, 2);
}

static void run_queries(void) {
  struct call *bad = world_write(&world);
  struct call *lost, *read, *aborted;

  world_fail(&world, bad, "40001", 'I');
  world_advance(&world, LONG_MS);
  world_fail(&world, bad, "23505", 'I');
  expect_sqlstate(bad, "23505");
  lost = world_make(&world, HF_REQUEST_QUERY);
  world_describe(&lost->request, HF_SQL_INSERT);
  lost->request.flags = HF_FLAG_IDEMPOTENT;
  lost->request.max_retries = 1;
  world_submit(&world, lost);
  world_lose(&world, lost->request.slot);
  world_advance(&world, LONG_MS);
  world_fail(&world, lost, "42601", 'I');
  expect_outcome(lost, HF_OUTCOME_AMBIGUOUS);
  read = world_read(&world);
  world_answer(&world, read, 'I');
  expect_success(read);
  aborted = world_write(&world);
  world_abort(&world, aborted);
  world_advance(&world, LONG_MS);
  expect_status(aborted, HF_ABORTED);
}

static void run_lease(void) {
  struct call *lease = world_acquire(&world);
  struct call *commit, *later;

  world_connect(&world);
  expect_success(lease);
  world_answer(&world, world_statement(&world, lease, HF_SQL_BEGIN), 'T');
  commit = world_statement(&world, lease, HF_SQL_COMMIT);
  later = world_statement(&world, lease, HF_SQL_SELECT);
  world_lose(&world, lease->lease.slot);
  expect_status(commit, HF_OUTCOME_UNKNOWN);
  expect_outcome(later, HF_OUTCOME_AMBIGUOUS);
  world_release(&world, lease, HF_RELEASE_KEEP);
}

/* Returns whether an allocation failed on the way. */
static bool live_with(size_t n) {
  world_open_max(&world, 2);
  until = n;
  failed = false;
  hf_alloc_set_hook(allow, NULL);
  connect_after_failures();
  run_queries();
  run_lease();
  hf_alloc_set_hook(NULL, NULL);
  world_close(&world);
  return failed;
}

static void without_memory_there_is_no_pool(void **state) {
  struct hf_config config = world_config(2);
  struct hf_pool_io outside = {0};

  (void)state;
  until = 0;
  only_one = false;
  failed = false;
  hf_alloc_set_hook(allow, NULL);
  assert_int_equal(hf_pool_init(&world.pool, &config, &outside, 1),
                   HF_NO_MEMORY);
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
