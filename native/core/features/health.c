/* SPDX-License-Identifier: MIT */
#include "core/features/health.h"

#include <assert.h>
#include <string.h>

#include "core/base/time.h"
#include "core/features/warmup.h"
#include "core/pool/pool.h"

static const struct hf_error no_error;

/* clang-format off */
static const struct {
  const char *name;
  unsigned next; /* set of allowed states */
} states[HF_CHECK_STATES] = {
  [HF_CHECK_NEW]    = {"new",    1u << HF_CHECK_HELD |
                                 1u << HF_CHECK_ASKING |
                                 1u << HF_CHECK_DONE},
  [HF_CHECK_HELD]   = {"held",   1u << HF_CHECK_ASKING |
                                 1u << HF_CHECK_DONE},
  [HF_CHECK_ASKING] = {"asking", 1u << HF_CHECK_DONE},
  [HF_CHECK_DONE]   = {"done",   0},
};
/* clang-format on */

const char *hf_check_state_name(enum hf_check_state state) {
  return states[state].name;
}

static struct hf_health_check *check_of(struct hf_link *link) {
  return HF_CONTAINER_OF(link, struct hf_health_check, link);
}

/* Returns the list for the check's state, or NULL. */
static struct hf_list *list_of(struct hf_health *health,
                               const struct hf_health_check *check) {
  switch (check->state) {
  case HF_CHECK_HELD:
    return &health->held;
  case HF_CHECK_ASKING:
    return &check->probe->checks;
  case HF_CHECK_NEW:
  case HF_CHECK_DONE:
  case HF_CHECK_STATES:
    break;
  }
  return NULL;
}

/*
 * The only place that changes the state: relinks the check and sets its timer.
 */
static void move(struct hf_health *health,
                 struct hf_health_check *check,
                 enum hf_check_state next,
                 uint64_t until_us) {
  struct hf_list *list = list_of(health, check);
  assert((states[check->state].next & 1u << next) != 0);
  if (list != NULL) {
    hf_list_remove(list, &check->link);
  }
  hf_heap_remove(&health->timers, &check->timer);
  check->state = next;
  list = list_of(health, check);
  if (list != NULL) {
    hf_list_push(list, &check->link);
    hf_heap_push(&health->timers, &check->timer, until_us);
  }
}

void hf_health_init(struct hf_health *health,
                    struct hf_pool *pool,
                    struct hf_warmup *warmup,
                    const struct hf_health_io *io) {
  memset(health, 0, sizeof *health);
  health->pool = pool;
  health->warmup = warmup;
  health->io = *io;
  hf_list_init(&health->checks);
  hf_list_init(&health->held);
  hf_list_init(&health->probes);
  hf_heap_init(&health->timers);
}

/*
 * ---- answers --------------------------------------------------------------
 */

static void read_figures(const struct hf_health *health,
                         bool asks_to_read,
                         struct hf_health_figures *figures) {
  const struct hf_pool *pool = health->pool;
  hf_pool_gauges(pool, &figures->gauges);
  figures->max = pool->config.max;
  figures->queue_max = pool->config.queue_max;
  figures->pooler = pool->config.pooler;
  figures->succeeded = hf_stats_get(&pool->stats, HF_STAT_SUCCEEDED);
  figures->connected = hf_stats_get(&pool->stats, HF_STAT_CONNECTS_SUCCEEDED);
  figures->lost = hf_stats_get(&pool->stats, HF_STAT_CONNECTIONS_LOST);
  figures->lost_busy =
      hf_stats_get(&pool->stats, HF_STAT_CONNECTIONS_LOST_BUSY);
  figures->answered_us = pool->answered_us;
  figures->asks_to_read = asks_to_read;
}

static void conclude(struct hf_health *health,
                     const struct hf_health_finding *finding,
                     bool asks_to_read,
                     struct hf_health_report *report) {
  struct hf_health_figures figures;
  read_figures(health, asks_to_read, &figures);
  report->verdict = hf_health_conclude(&health->memory, &figures, finding);
  report->gauges = figures.gauges;
  report->warmed = hf_warmup_is_warm(health->warmup);
  report->error =
      finding->outcome == HF_HEALTH_FAILED ? finding->error : &no_error;
  report->cause = finding->cause;
  report->request = NULL;
}

static void answer(struct hf_health *health,
                   struct hf_health_check *check,
                   const struct hf_health_report *report) {
  move(health, check, HF_CHECK_DONE, 0);
  check->probe = NULL;
  hf_list_remove(&health->checks, &check->of_all);
  health->io.answer(health->io.ctx, check, report);
}

static void answer_with(struct hf_health *health,
                        struct hf_health_check *check,
                        enum hf_health_outcome outcome) {
  struct hf_health_finding finding = {.outcome = outcome,
                                      .error = &no_error,
                                      .cause = &no_error};
  struct hf_health_report report;
  finding.sent = check->probe != NULL &&
                 check->probe->request->state == HF_REQUEST_RUNNING;
  conclude(health, &finding, check->asks_to_read, &report);
  answer(health, check, &report);
}

static void answer_no_memory(struct hf_health *health,
                             struct hf_health_check *check) {
  struct hf_error error;
  struct hf_health_finding finding = {.outcome = HF_HEALTH_FAILED,
                                      .error = &error,
                                      .cause = &no_error};
  struct hf_health_report report;
  hf_error_init(&error);
  hf_error_set(&error, HF_NO_MEMORY, HF_PHASE_LOCAL, NULL);
  error.outcome = HF_OUTCOME_NOT_EXECUTED;
  conclude(health, &finding, check->asks_to_read, &report);
  answer(health, check, &report);
  hf_error_finish(&error);
}

/*
 * ---- probes ---------------------------------------------------------------
 */

/*
 * Returns the newest probe if it is fresh and the check can wait for it. An
 * older probe may report a state that is over.
 */
static struct hf_health_probe *find_probe(const struct hf_health *health,
                                          const struct hf_health_check *check,
                                          uint64_t now_us) {
  uint64_t fresh_us = (uint64_t)HF_HEALTH_FRESH_MS * HF_US_PER_MS;
  struct hf_health_probe *newest;
  if (hf_list_empty(&health->probes)) {
    return NULL;
  }
  newest =
      HF_CONTAINER_OF(health->probes.head.prev, struct hf_health_probe, link);
  return now_us - newest->begun_us < fresh_us &&
                 newest->ends_us + fresh_us >= check->ends_us
             ? newest
             : NULL;
}

static uint64_t limit_of(const struct hf_health_check *check, uint64_t now_us) {
  uint64_t margin_us = (uint64_t)HF_HEALTH_MARGIN_MS * HF_US_PER_MS;
  uint64_t least_us = now_us + HF_US_PER_MS;
  return check->ends_us > least_us + margin_us ? check->ends_us - margin_us
                                               : least_us;
}

static void ask(struct hf_health *health,
                struct hf_health_check *check,
                uint64_t now_us) {
  struct hf_health_probe *shared = find_probe(health, check, now_us);
  struct hf_health_probe *probe = shared;
  if (shared == NULL) {
    probe = health->io.make(health->io.ctx, limit_of(check, now_us));
  }
  if (probe == NULL) {
    answer_no_memory(health, check);
    return;
  }
  check->probe = probe;
  if (shared == NULL) {
    probe->begun_us = now_us;
    probe->ends_us = check->ends_us;
    hf_list_init(&probe->checks);
    hf_list_push(&health->probes, &probe->link);
  }
  move(health, check, HF_CHECK_ASKING, check->ends_us);
  if (shared == NULL) {
    health->io.send(health->io.ctx, probe);
  }
}

/* Remembers the server's answer. Returns false when there is none. */
static bool learn(struct hf_health *health,
                  const struct hf_health_probe *probe,
                  uint64_t now_us) {
  const struct hf_error *error = &probe->request->error;
  struct hf_health_figures figures;
  bool answered = error->status == HF_OK;
  if (!answered && !hf_health_is_refusal(error)) {
    return false;
  }
  read_figures(health, false, &figures);
  hf_health_learn(&health->memory,
                  &figures,
                  answered ? probe->role : HF_HEALTH_ROLE_UNKNOWN,
                  answered && probe->takes_no_writes,
                  now_us);
  return true;
}

void hf_health_on_probed(struct hf_health *health,
                         struct hf_health_probe *probe,
                         uint64_t now_us) {
  struct hf_health_finding finding = {.error = &probe->request->error,
                                      .cause = &probe->request->cause,
                                      .took_us = now_us - probe->begun_us};
  struct hf_health_report report;
  struct hf_link *link = hf_list_first(&probe->checks);
  hf_list_remove(&health->probes, &probe->link);
  finding.outcome =
      learn(health, probe, now_us) ? HF_HEALTH_ANSWERED : HF_HEALTH_FAILED;
  if (link == NULL) {
    return; /* no check waits for it any more */
  }
  conclude(health, &finding, check_of(link)->asks_to_read, &report);
  report.request = probe->request;
  while ((link = hf_list_first(&probe->checks)) != NULL) {
    answer(health, check_of(link), &report);
  }
}

/*
 * ---- checks ---------------------------------------------------------------
 */

static void proceed(struct hf_health *health,
                    struct hf_health_check *check,
                    uint64_t now_us) {
  struct hf_health_figures figures;
  read_figures(health, check->asks_to_read, &figures);
  if (!hf_pool_takes_requests(health->pool)) {
    answer_with(health, check, HF_HEALTH_ENDED);
  } else if (figures.gauges.suspended != 0) {
    answer_with(health, check, HF_HEALTH_SUSPENDED);
  } else if (hf_health_is_proved(&health->memory, &figures, now_us)) {
    answer_with(health, check, HF_HEALTH_ANSWERED);
  } else {
    ask(health, check, now_us);
  }
}

void hf_health_begin(struct hf_health *health,
                     struct hf_health_check *check,
                     uint64_t now_us) {
  assert(check->state == HF_CHECK_NEW);
  hf_list_push(&health->checks, &check->of_all);
  if (hf_warmup_is_opening(health->warmup)) {
    /*
     * The other half of the time is enough to find out whether queries work
     * anyway.
     */
    move(health, check, HF_CHECK_HELD, now_us + (check->ends_us - now_us) / 2);
  } else {
    proceed(health, check, now_us);
  }
}

void hf_health_end_owner(struct hf_health *health, const void *owner) {
  struct hf_link *link;
  struct hf_link *after;
  HF_LIST_EACH_SAFE(link, after, &health->checks) {
    struct hf_health_check *check =
        HF_CONTAINER_OF(link, struct hf_health_check, of_all);
    if (check->owner == owner) {
      answer_with(health, check, HF_HEALTH_ENDED);
    }
  }
}

static void on_timer(struct hf_health *health,
                     struct hf_health_check *check,
                     uint64_t now_us) {
  if (check->state == HF_CHECK_HELD) {
    proceed(health, check, now_us);
  } else {
    answer_with(health, check, HF_HEALTH_TIMED_OUT);
  }
}

void hf_health_review(struct hf_health *health, uint64_t now_us) {
  struct hf_heap_node *node;
  struct hf_link *link;
  while ((node = hf_heap_peek(&health->timers)) != NULL &&
         node->key <= now_us) {
    on_timer(health,
             HF_CONTAINER_OF(node, struct hf_health_check, timer),
             now_us);
  }
  while (!hf_warmup_is_opening(health->warmup) &&
         (link = hf_list_first(&health->held)) != NULL) {
    proceed(health, check_of(link), now_us);
  }
}

uint64_t hf_health_next_us(const struct hf_health *health) {
  const struct hf_heap_node *node = hf_heap_peek(&health->timers);
  return node == NULL ? UINT64_MAX : node->key;
}
