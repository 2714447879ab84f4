/* SPDX-License-Identifier: MIT */
#include "core/features/health_verdict.h"

#include <string.h>

#include "core/base/time.h"

enum { CLASS_CHARS = 2 };

static bool is_of_class(const struct hf_error *error, const char *class) {
  return strncmp(error->sqlstate, class, CLASS_CHARS) == 0;
}

bool hf_health_is_refusal(const struct hf_error *error) {
  return is_of_class(error, "0A") || is_of_class(error, "22") ||
         is_of_class(error, "42");
}

/*
 * A number that changes when connections are opened or lost: then another
 * server may answer, or the same one in another role.
 */
static uint64_t opened(const struct hf_health_figures *figures) {
  return figures->connected + figures->lost;
}

bool hf_health_is_proved(const struct hf_health_memory *memory,
                         const struct hf_health_figures *figures,
                         uint64_t now_us) {
  return figures->answered_us != 0 && memory->role_us != 0 &&
         memory->role_of == opened(figures) &&
         now_us - memory->role_us <=
             (uint64_t)HF_HEALTH_ROLE_MS * HF_US_PER_MS &&
         now_us - figures->answered_us <
             (uint64_t)HF_HEALTH_FRESH_MS * HF_US_PER_MS;
}

void hf_health_learn(struct hf_health_memory *memory,
                     const struct hf_health_figures *figures,
                     enum hf_health_role role,
                     bool takes_no_writes,
                     uint64_t now_us) {
  memory->role = role;
  memory->role_us = now_us;
  memory->role_of = opened(figures);
  memory->was_primary |= role == HF_HEALTH_ROLE_PRIMARY;
  memory->takes_no_writes = takes_no_writes;
}

/*
 * Returns true when the probe was sent and the server did not answer in time.
 */
static bool is_silent(const struct hf_health_finding *finding) {
  if (finding->outcome == HF_HEALTH_TIMED_OUT) {
    return finding->sent;
  }
  return finding->outcome == HF_HEALTH_FAILED &&
         finding->error->status == HF_DEADLINE &&
         finding->error->phase != HF_PHASE_ACQUIRE &&
         finding->error->phase != HF_PHASE_BACKOFF;
}

/* Returns true when the server works but has no room for more connections. */
static bool is_full(const struct hf_health_finding *finding) {
  bool caused = finding->cause->status != HF_OK;
  return is_of_class(caused ? finding->cause : finding->error, "53");
}

/*
 * Returns true when the probe got no connection because the application uses
 * them all. If more could be opened and were not, the database is to blame.
 */
static bool is_exhausted(const struct hf_health_figures *figures,
                         const struct hf_health_finding *finding) {
  int32_t open = figures->gauges.total - figures->gauges.connecting;
  return finding->error->status == HF_DEADLINE && open > 0 &&
         figures->gauges.busy >= open &&
         (open >= figures->max || is_full(finding));
}

static enum hf_health_obstacle failure_of(
    const struct hf_health_memory *memory,
    const struct hf_health_figures *figures,
    const struct hf_health_finding *finding) {
  bool exhausted = is_exhausted(figures, finding);
  bool silent = memory->silent && memory->silent_at == figures->succeeded;
  /* the connections in use may be waiting for that server */
  if (is_silent(finding) || (exhausted && silent)) {
    return HF_OBSTACLE_SILENT;
  }
  return exhausted ? HF_OBSTACLE_IN_USE : HF_OBSTACLE_FAILED;
}

static enum hf_health_obstacle obstacle_of(
    const struct hf_health_memory *memory,
    const struct hf_health_figures *figures,
    const struct hf_health_finding *finding) {
  switch (finding->outcome) {
  case HF_HEALTH_ANSWERED:
    break;
  case HF_HEALTH_FAILED:
    return failure_of(memory, figures, finding);
  case HF_HEALTH_TIMED_OUT:
    return HF_OBSTACLE_SILENT;
  case HF_HEALTH_SUSPENDED:
    return HF_OBSTACLE_SUSPENDED;
  case HF_HEALTH_ENDED:
    return HF_OBSTACLE_ENDED;
  }
  return HF_OBSTACLE_NONE;
}

static uint32_t issue(bool there, uint32_t which) {
  return there ? which : 0;
}

static uint32_t issues_of(const struct hf_health_memory *memory,
                          const struct hf_health_figures *figures,
                          const struct hf_health_finding *finding) {
  const struct hf_gauges *gauges = &figures->gauges;
  bool full = gauges->waiting >= figures->queue_max;
  bool primary = memory->role == HF_HEALTH_ROLE_PRIMARY;
  bool standby = memory->role == HF_HEALTH_ROLE_STANDBY;
  bool slow = finding->outcome == HF_HEALTH_ANSWERED &&
              finding->took_us > (uint64_t)HF_HEALTH_SLOW_MS * HF_US_PER_MS;
  return issue(full, HF_ISSUE_QUEUE_FULL) |
         issue(!full && gauges->waiting * INT64_C(2) >= figures->queue_max,
               HF_ISSUE_QUEUE_LONG) |
         issue(gauges->waiting > 0 && gauges->leased >= figures->max,
               HF_ISSUE_ALL_LENT) |
         issue(slow, HF_ISSUE_SLOW) |
         issue(gauges->breaker != 0, HF_ISSUE_BREAKER) |
         issue(figures->lost_busy > memory->lost_busy, HF_ISSUE_LOST) |
         issue(memory->takes_no_writes && primary && !figures->asks_to_read,
               HF_ISSUE_TAKES_NO_WRITES) |
         issue(memory->was_primary && standby, HF_ISSUE_DEMOTED);
}

/* Returns true when queries fail to work because of the application itself. */
static bool is_own_doing(enum hf_health_obstacle obstacle) {
  return obstacle == HF_OBSTACLE_SUSPENDED || obstacle == HF_OBSTACLE_IN_USE;
}

static enum hf_health_status status_of(enum hf_health_obstacle obstacle,
                                       uint32_t issues) {
  if (obstacle != HF_OBSTACLE_NONE && !is_own_doing(obstacle)) {
    return HF_HEALTH_DOWN;
  }
  return obstacle != HF_OBSTACLE_NONE || issues != 0 ? HF_HEALTH_DEGRADED
                                                     : HF_HEALTH_UP;
}

static enum hf_health_pooler pooler_of(
    const struct hf_health_figures *figures) {
  switch (figures->pooler) {
  case HF_POOLER_NONE:
    return HF_HEALTH_POOLER_NONE;
  case HF_POOLER_SESSION:
    return HF_HEALTH_POOLER_SESSION;
  case HF_POOLER_TRANSACTION:
    return HF_HEALTH_POOLER_TRANSACTION;
  case HF_POOLER_AUTO:
    break;
  }
  if (figures->gauges.proxied != 0) {
    return HF_HEALTH_POOLER_PROXY;
  }
  return figures->connected > 0 ? HF_HEALTH_POOLER_NONE
                                : HF_HEALTH_POOLER_UNKNOWN;
}

struct hf_health_verdict hf_health_judge(
    const struct hf_health_memory *memory,
    const struct hf_health_figures *figures,
    const struct hf_health_finding *finding) {
  struct hf_health_verdict verdict;
  uint64_t took_us =
      finding->outcome == HF_HEALTH_ANSWERED ? finding->took_us : 0;
  verdict.obstacle = obstacle_of(memory, figures, finding);
  verdict.issues = issues_of(memory, figures, finding);
  verdict.status = status_of(verdict.obstacle, verdict.issues);
  verdict.pooler = pooler_of(figures);
  verdict.role = memory->role;
  verdict.answer_ms = (int32_t)((took_us + HF_US_PER_MS / 2) / HF_US_PER_MS);
  verdict.lost = (int32_t)(figures->lost_busy - memory->lost_busy);
  return verdict;
}

struct hf_health_verdict hf_health_conclude(
    struct hf_health_memory *memory,
    const struct hf_health_figures *figures,
    const struct hf_health_finding *finding) {
  struct hf_health_verdict verdict = hf_health_judge(memory, figures, finding);
  memory->lost_busy = figures->lost_busy;
  if (is_silent(finding)) {
    memory->silent = true;
    memory->silent_at = figures->succeeded;
  }
  return verdict;
}
