/* SPDX-License-Identifier: MIT */
#include "feature_sim.h"

#include <stdlib.h>
#include <string.h>

enum { US_PER_MS = 1000 };

static struct features *features_of(struct sim *sim) {
  return HF_CONTAINER_OF(sim, struct features, sim);
}

/* ---- operations ---------------------------------------------------------- */

static bool is_enough(const struct features *features) {
  struct hf_gauges gauges;

  hf_pool_gauges(&features->sim.pool, &gauges);
  return hf_warmup_is_enough(&gauges, features->sim.pool.config.min);
}

static void on_warm(void *ctx,
                    struct hf_warmup_call *call,
                    enum hf_status status,
                    const struct hf_error *why) {
  struct features *features = ctx;
  struct warmup_call *record = (struct warmup_call *)(void *)call;

  assert_int_equal(record->answered, 0);
  assert_false(hf_link_queued(&call->link));
  assert_true(status != HF_OK || is_enough(features));
  assert_true(status != HF_DEADLINE || features->sim.now_us >= call->until_us);
  record->answered = 1;
  features->answered_warmups++;
  record->answered_us = features->sim.now_us;
  record->status = status;
  record->why = why->status;
}

static struct hf_health_probe *make_probe(void *ctx, uint64_t limit_us) {
  struct features *features = ctx;
  struct hf_health_probe *probe;
  struct call *call;

  if (features->no_memory) {
    return NULL;
  }
  probe = calloc(1, sizeof(*probe));
  call = sim_make(&features->sim, HF_REQUEST_QUERY);
  assert_non_null(probe);
  sim_describe(&call->request, HF_SQL_SELECT);
  call->request.flags = HF_FLAG_PROBE | HF_FLAG_CALLER_DEADLINE;
  call->request.deadline_us = limit_us;
  call->probe = probe;
  probe->request = &call->request;
  features->probes++;
  features->probing = call;
  return probe;
}

static void send_probe(void *ctx, struct hf_health_probe *probe) {
  struct features *features = ctx;

  hf_pool_submit(&features->sim.pool, probe->request, features->sim.now_us);
}

void features_on_answer(struct sim *sim, struct call *call) {
  struct features *features = features_of(sim);
  struct hf_health_probe *probe = call->probe;

  if (probe == NULL) {
    return;
  }
  call->probe = NULL;
  probe->role = features->role;
  probe->takes_no_writes = features->takes_no_writes;
  hf_health_on_probed(&features->health, probe, sim->now_us);
  free(probe);
}

/* Time passes in steps of a millisecond. */
static void assert_in_time(const struct hf_health_check *check,
                           uint64_t now_us) {
  assert_true(now_us < check->ends_us + US_PER_MS);
}

/* The status follows from the obstacle and the issues. */
static void assert_verdict(const struct hf_health_verdict *verdict) {
  switch (verdict->obstacle) {
  case HF_OBSTACLE_NONE:
    assert_int_equal(verdict->status,
                     verdict->issues == 0 ? HF_HEALTH_UP : HF_HEALTH_DEGRADED);
    break;
  case HF_OBSTACLE_SUSPENDED:
  case HF_OBSTACLE_IN_USE:
    assert_int_equal(verdict->status, HF_HEALTH_DEGRADED);
    break;
  case HF_OBSTACLE_ENDED:
  case HF_OBSTACLE_SILENT:
  case HF_OBSTACLE_FAILED:
    assert_int_equal(verdict->status, HF_HEALTH_DOWN);
    break;
  }
}

static void on_checked(void *ctx,
                       struct hf_health_check *check,
                       const struct hf_health_report *report) {
  struct features *features = ctx;
  struct health_call *record = (struct health_call *)(void *)check;

  assert_int_equal(record->answered, 0);
  assert_int_equal(check->state, HF_CHECK_DONE);
  assert_false(check->timer.queued);
  assert_false(hf_link_queued(&check->link));
  assert_false(hf_link_queued(&check->of_all));
  assert_in_time(check, features->sim.now_us);
  assert_verdict(&report->verdict);
  record->answered = 1;
  features->answered_checks++;
  record->answered_us = features->sim.now_us;
  record->verdict = report->verdict;
  record->error = report->error->status;
  record->warmed = report->warmed;
}

/* ---- life ---------------------------------------------------------------- */

void features_open(struct features *features, const struct hf_config *config) {
  struct hf_health_io io = {features, make_probe, send_probe, on_checked};

  memset(features, 0, sizeof(*features));
  sim_open(&features->sim, config);
  features->sim.on_answer = features_on_answer;
  features->role = HF_HEALTH_ROLE_PRIMARY;
  hf_warmup_init(&features->warmup, &features->sim.pool, on_warm, features);
  hf_health_init(&features->health,
                 &features->sim.pool,
                 &features->warmup,
                 &io);
}

void features_open_max(struct features *features, int32_t max) {
  struct hf_config config = sim_config(max);

  features_open(features, &config);
}

void features_close(struct features *features) {
  size_t i;

  hf_warmup_end_owner(&features->warmup, features);
  hf_health_end_owner(&features->health, features);
  sim_close(&features->sim);
  for (i = 0; i < FEATURE_CALLS; i++) {
    assert_int_equal(features->warmups[i].answered, features->warmups[i].used);
    assert_int_equal(features->checks[i].answered, features->checks[i].used);
  }
  assert_true(hf_list_empty(&features->health.probes));
  assert_int_equal(hf_health_next_us(&features->health), UINT64_MAX);
  assert_int_equal(hf_warmup_next_us(&features->warmup), UINT64_MAX);
}

/* Each check that is not answered waits for a warm-up or for a probe. */
static void assert_checks(const struct features *features) {
  const struct hf_health *health = &features->health;
  size_t asking = 0;
  struct hf_link *link;

  HF_LIST_EACH(link, &health->probes) {
    const struct hf_health_probe *probe =
        HF_CONTAINER_OF(link, struct hf_health_probe, link);

    assert_int_not_equal(probe->request->state, HF_REQUEST_DONE);
    asking += probe->checks.count;
  }
  assert_int_equal(health->checks.count, health->held.count + asking);
  assert_int_equal(health->timers.count, health->checks.count);
  assert_true(hf_list_empty(&health->held) ||
              hf_warmup_is_opening(&features->warmup));
}

void features_settle(struct features *features) {
  uint64_t now_us = features->sim.now_us;

  hf_warmup_review(&features->warmup, now_us);
  hf_health_review(&features->health, now_us);
  sim_settle(&features->sim);
  assert_checks(features);
  assert_int_equal(hf_warmup_is_opening(&features->warmup),
                   !hf_list_empty(&features->warmup.waiting));
  /* Nothing that is due is left over. */
  assert_true(hf_health_next_us(&features->health) > now_us);
  assert_true(hf_warmup_next_us(&features->warmup) > now_us);
}

static uint64_t next_us(const struct features *features) {
  uint64_t next = hf_pool_next_us(&features->sim.pool);
  uint64_t warmup = hf_warmup_next_us(&features->warmup);
  uint64_t health = hf_health_next_us(&features->health);

  next = warmup < next ? warmup : next;
  return health < next ? health : next;
}

void features_advance(struct features *features, uint64_t ms) {
  uint64_t end_us = features->sim.now_us + ms * US_PER_MS;

  features_settle(features);
  while (features->sim.now_us < end_us) {
    uint64_t now_us = features->sim.now_us;
    uint64_t next = next_us(features);
    uint64_t step = 1;

    next = next < end_us ? next : end_us;
    if (next > now_us + US_PER_MS) {
      step = (next - now_us + US_PER_MS - 1) / US_PER_MS;
    }
    sim_advance(&features->sim, step);
    features_settle(features);
  }
}

/* ---- the user ------------------------------------------------------------ */

bool features_can_call(const struct features *features) {
  return features->warmup.waiting.count < FEATURE_CALLS &&
         features->health.checks.count < FEATURE_CALLS;
}

struct warmup_call *features_warm(struct features *features,
                                  uint64_t ms,
                                  bool fail_fast) {
  struct warmup_call *call = features->warmups;

  while (call->used && call->answered == 0) {
    call++;
    assert_true(call < features->warmups + FEATURE_CALLS);
  }
  memset(call, 0, sizeof(*call));
  call->used = true;
  call->call.owner = features;
  call->call.fail_fast = fail_fast;
  call->call.until_us =
      ms == 0 ? UINT64_MAX : features->sim.now_us + ms * US_PER_MS;
  hf_warmup_begin(&features->warmup, &call->call, features->sim.now_us);
  features_settle(features);
  return call;
}

struct health_call *features_check(struct features *features, uint64_t ms) {
  struct health_call *call = features->checks;

  while (call->used && call->answered == 0) {
    call++;
    assert_true(call < features->checks + FEATURE_CALLS);
  }
  memset(call, 0, sizeof(*call));
  call->used = true;
  call->check.owner = features;
  call->check.ends_us = features->sim.now_us + ms * US_PER_MS;
  hf_health_begin(&features->health, &call->check, features->sim.now_us);
  features_settle(features);
  return call;
}

void features_answer(struct features *features) {
  sim_answer(&features->sim, features->probing, 'I');
  features_settle(features);
}

/* ---- looking ------------------------------------------------------------- */

void expect_warm(const struct warmup_call *call) {
  expect_refused(call, HF_OK);
}

void expect_refused(const struct warmup_call *call, enum hf_status status) {
  assert_int_equal(call->answered, 1);
  assert_string_equal(hf_status_text(call->status), hf_status_text(status));
}

void expect_health(const struct health_call *call,
                   enum hf_health_status status,
                   enum hf_health_obstacle obstacle) {
  assert_int_equal(call->answered, 1);
  assert_int_equal(call->verdict.status, status);
  assert_int_equal(call->verdict.obstacle, obstacle);
}
