/* SPDX-License-Identifier: MIT */
/*
 * The verdict of health: 200 state changes, each with what was said of it
 * before the judge was written in C.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/features/health_verdict.h"

enum { US_PER_MS = 1000, START_US = 1000 * 1000, CHANGES = 200 };

/* What became of the probe, had one been sent. */
enum probe { PROBE_ANSWERED, PROBE_REFUSED, PROBE_FAILED, PROBE_TIMED_OUT };

/* A row of health_changes.inc. Counters are as of the row, times in ms. */
struct change {
  int fresh; /* 1 = a new pool */
  uint64_t wait;
  int32_t total, busy, idle, waiting, connecting, leased;
  int32_t breaker, proxied, suspended;
  uint64_t succeeded, connected, lost, lost_busy;
  int64_t answered_age; /* of the last success, -1 = none */
  int32_t max, queue_max, min, pooler, asks_to_read, ended;
  enum probe probe;
  enum hf_health_role role;
  int takes_no_writes;
  uint64_t took;
  int sent;
  const char *code;
  enum hf_phase phase;
  const char *sqlstate, *cause_sqlstate, *message;
  /* what was said */
  int asked;
  const char *status;
  int warmed;
  const char *pooler_name, *role_name, *breaker_name, *last_code;
  const char *reasons; /* separated by | */
};

static const struct change changes[] = {
#define ROW(...) {__VA_ARGS__},
#include "health_changes.inc"
#undef ROW
};

static const char *const statuses[] = {"up", "degraded", "down"};
static const char *const roles[] = {"unknown", "primary", "standby"};
static const char *const poolers[] = {"unknown",
                                      "none",
                                      "session",
                                      "transaction",
                                      "proxy"};

/* A part of the sentence by which each is told. */
static const char *const obstacles[] = {NULL,
                                        "the pool was ended",
                                        "the pool is suspended",
                                        "the server does not answer",
                                        "connections are in use",
                                        NULL};
static const char *const issues[] = {"the queue is full",
                                     "the queue is long",
                                     "are lent, and calls wait",
                                     "ms to answer",
                                     "new connections cannot be opened",
                                     "were lost at work",
                                     "the server takes no writes",
                                     "and is a standby now"};

static void read_figures(const struct change *row,
                         uint64_t now_us,
                         struct hf_health_figures *figures) {
  memset(figures, 0, sizeof(*figures));
  figures->gauges.total = row->total;
  figures->gauges.busy = row->busy;
  figures->gauges.idle = row->idle;
  figures->gauges.waiting = row->waiting;
  figures->gauges.connecting = row->connecting;
  figures->gauges.leased = row->leased;
  figures->gauges.breaker = row->breaker;
  figures->gauges.proxied = row->proxied;
  figures->gauges.suspended = row->suspended;
  figures->max = row->max;
  figures->queue_max = row->queue_max;
  figures->pooler = (enum hf_pooler_mode)row->pooler;
  figures->succeeded = row->succeeded;
  figures->connected = row->connected;
  figures->lost = row->lost;
  figures->lost_busy = row->lost_busy;
  figures->asks_to_read = row->asks_to_read != 0;
  if (row->answered_age >= 0) {
    figures->answered_us = now_us - (uint64_t)row->answered_age * US_PER_MS;
  }
}

static enum hf_status status_of(const struct change *row) {
  int status;
  for (status = 1; status < HF_STATUS_COUNT; status++) {
    if (row->code[0] != '\0' &&
        strcmp(hf_status_code((enum hf_status)status), row->code) == 0) {
      return (enum hf_status)status;
    }
  }
  return row->code[0] == '\0' ? HF_SERVER_ERROR : HF_SOCKET_ERROR;
}

static void read_error(const struct change *row,
                       struct hf_error *error,
                       struct hf_error *cause) {
  hf_error_set(error, status_of(row), row->phase, row->message);
  hf_error_add(error, 'C', row->sqlstate[0] == '\0' ? NULL : row->sqlstate);
  if (row->cause_sqlstate[0] != '\0') {
    hf_error_set(cause, HF_SERVER_ERROR, row->phase, row->message);
    hf_error_add(cause, 'C', row->cause_sqlstate);
  }
}

/* What the check comes to; the clock goes on by what that takes. */
static struct hf_health_finding find(const struct change *row,
                                     struct hf_health_memory *memory,
                                     struct hf_health_figures *figures,
                                     struct hf_error *errors,
                                     uint64_t *now_us) {
  struct hf_health_finding finding = {HF_HEALTH_ANSWERED,
                                      &errors[0],
                                      &errors[1],
                                      row->sent != 0,
                                      0};
  bool asked = row->ended == 0 && row->suspended == 0 &&
               !hf_health_is_proved(memory, figures, *now_us);
  assert_int_equal(asked, row->asked);
  if (row->ended != 0 || row->suspended != 0) {
    finding.outcome = row->ended != 0 ? HF_HEALTH_ENDED : HF_HEALTH_SUSPENDED;
    return finding;
  }
  if (!asked) {
    return finding;
  }
  if (row->probe == PROBE_TIMED_OUT) {
    *now_us += (uint64_t)HF_HEALTH_TIMEOUT_MS * US_PER_MS;
    finding.outcome = HF_HEALTH_TIMED_OUT;
    return finding;
  }
  *now_us += row->took * US_PER_MS;
  finding.took_us = row->took * US_PER_MS;
  if (row->probe == PROBE_ANSWERED) {
    hf_health_learn(memory,
                    figures,
                    row->role,
                    row->takes_no_writes != 0,
                    *now_us);
    return finding;
  }
  read_error(row, &errors[0], &errors[1]);
  if (hf_health_is_refusal(&errors[0])) {
    hf_health_learn(memory, figures, HF_HEALTH_ROLE_UNKNOWN, false, *now_us);
  } else {
    finding.outcome = HF_HEALTH_FAILED;
  }
  return finding;
}

/* Each reason that was given is one of the verdict's, and in its order. */
static void expect_reasons(const struct change *row,
                           const struct hf_health_verdict *verdict) {
  const char *told = row->reasons;
  size_t n_told = told[0] == '\0' ? 0 : 1;
  size_t n_judged = verdict->obstacle == HF_OBSTACLE_NONE ? 0 : 1;
  const char *obstacle = verdict->obstacle == HF_OBSTACLE_FAILED
                             ? row->message
                             : obstacles[verdict->obstacle];
  size_t i;
  if (obstacle != NULL) {
    assert_non_null(strstr(told, obstacle));
  }
  for (; *told != '\0'; told++) {
    n_told += *told == '|';
  }
  told = row->reasons;
  for (i = 0; i < sizeof(issues) / sizeof(issues[0]); i++) {
    if ((verdict->issues & 1u << i) != 0) {
      told = strstr(told, issues[i]);
      assert_non_null(told);
      n_judged++;
    }
  }
  assert_int_equal(n_judged, n_told);
}

/* The numbers that sentences show. */
static void expect_numbers(const struct change *row,
                           const struct hf_health_verdict *verdict) {
  char part[64];
  if ((verdict->issues & HF_ISSUE_SLOW) != 0) {
    snprintf(part, sizeof(part), "took %d ms", (int)verdict->answer_ms);
    assert_non_null(strstr(row->reasons, part));
  }
  if ((verdict->issues & HF_ISSUE_LOST) != 0) {
    snprintf(part, sizeof(part), "%d connections were", (int)verdict->lost);
    assert_non_null(strstr(row->reasons, part));
  }
}

static void verdicts_agree_with_the_recorded_ones(void **state) {
  struct hf_health_memory memory;
  uint64_t now_us = START_US;
  size_t i;
  (void)state;
  memset(&memory, 0, sizeof(memory));
  assert_int_equal(sizeof(changes) / sizeof(changes[0]), CHANGES);
  for (i = 0; i < CHANGES; i++) {
    const struct change *row = &changes[i];
    struct hf_health_figures figures;
    struct hf_health_finding finding;
    struct hf_health_verdict verdict;
    struct hf_error errors[2];
    if (row->fresh != 0) {
      memset(&memory, 0, sizeof(memory));
    }
    now_us += row->wait * US_PER_MS;
    hf_error_init(&errors[0]);
    hf_error_init(&errors[1]);
    read_figures(row, now_us, &figures);
    finding = find(row, &memory, &figures, errors, &now_us);
    verdict = hf_health_conclude(&memory, &figures, &finding);
    assert_string_equal(statuses[verdict.status], row->status);
    assert_string_equal(roles[verdict.role], row->role_name);
    assert_string_equal(poolers[verdict.pooler], row->pooler_name);
    expect_reasons(row, &verdict);
    expect_numbers(row, &verdict);
    hf_error_finish(&errors[0]);
    hf_error_finish(&errors[1]);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(verdicts_agree_with_the_recorded_ones)};

  return cmocka_run_group_tests_name("health changes", tests, NULL, NULL);
}
