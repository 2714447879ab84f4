/* SPDX-License-Identifier: MIT */
/*
 * Turns the finding of a health check and the pool's figures into a verdict.
 * Remembers from one check to the next: the server's role, whether it was
 * silent, and how many connections had been lost.
 *
 * Up: a query works now. Down: none does. Degraded: queries work with limits,
 * or fail only because of the application.
 *
 * Ownership: plain data; errors are borrowed for the call.
 * Threads: none; one thread at a time.
 */
#ifndef HF_CORE_FEATURES_HEALTH_VERDICT_H
#define HF_CORE_FEATURES_HEALTH_VERDICT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/error.h"
#include "core/policy/config.h"
#include "holdfast.h"

enum {
  /*
   * Checks within this time share a probe; a query that succeeded within it is
   * proof.
   */
  HF_HEALTH_FRESH_MS = 100,
  /* How long the role is believed, if the connections are still the same. */
  HF_HEALTH_ROLE_MS = 1000,
  /* A server that takes longer for a trivial statement is slow. */
  HF_HEALTH_SLOW_MS = 1000
};

/* The result of a check. */
enum hf_health_outcome {
  HF_HEALTH_ANSWERED,
  HF_HEALTH_FAILED,    /* the probe failed with an error */
  HF_HEALTH_TIMED_OUT, /* the probe did not end in time */
  HF_HEALTH_SUSPENDED, /* no probe was sent: the pool is suspended */
  HF_HEALTH_ENDED      /* no probe was sent: the pool was ended */
};

struct hf_health_finding {
  enum hf_health_outcome outcome;
  const struct hf_error *error; /* of FAILED */
  const struct hf_error *cause; /* HF_OK = none is known */
  bool sent;                    /* of TIMED_OUT: the probe had been sent */
  uint64_t took_us;             /* of ANSWERED */
};

/* The pool's figures when a check ends. */
struct hf_health_figures {
  struct hf_gauges gauges;
  int32_t max, queue_max;
  enum hf_pooler_mode pooler;
  uint64_t succeeded;   /* successful calls so far */
  uint64_t connected;   /* successful connects so far */
  uint64_t lost;        /* lost connections so far */
  uint64_t lost_busy;   /* those of them that were busy */
  uint64_t answered_us; /* as hf_pool.answered_us */
  bool asks_to_read;    /* its settings make transactions read-only */
};

/* What is remembered from one check of a pool to the next. */
struct hf_health_memory {
  enum hf_health_role role;
  uint64_t role_us;     /* when it was learnt; 0 = never */
  uint64_t role_of;     /* number of connections opened or lost by then */
  bool was_primary;     /* at any time */
  bool takes_no_writes; /* its transactions are read-only */
  uint64_t lost_busy;   /* as of the last verdict */
  bool silent;          /* a check got no answer */
  uint64_t silent_at;   /* number of successful calls by then */
};

struct hf_health_verdict {
  enum hf_health_status status;
  enum hf_health_obstacle obstacle;
  uint32_t issues; /* HF_ISSUE_* */
  enum hf_health_pooler pooler;
  enum hf_health_role role;
  int32_t answer_ms; /* time of the answer, rounded */
  int32_t lost;      /* busy connections lost since the last verdict */
};

/*
 * Returns true when no probe is needed: a query has just succeeded and the role
 * is known for the current connections.
 */
bool hf_health_is_proved(const struct hf_health_memory *memory,
                         const struct hf_health_figures *figures,
                         uint64_t now_us);

/* Remembers what the server reported. */
void hf_health_learn(struct hf_health_memory *memory,
                     const struct hf_health_figures *figures,
                     enum hf_health_role role,
                     bool takes_no_writes,
                     uint64_t now_us);

/* Returns the verdict on a finding. Pure. */
struct hf_health_verdict hf_health_judge(
    const struct hf_health_memory *memory,
    const struct hf_health_figures *figures,
    const struct hf_health_finding *finding);

/*
 * Returns the verdict on a finding and remembers what the next one depends on.
 */
struct hf_health_verdict hf_health_conclude(
    struct hf_health_memory *memory,
    const struct hf_health_figures *figures,
    const struct hf_health_finding *finding);

/*
 * Returns true when the server rejected the probe with an error that says
 * nothing about other statements. The server works.
 */
bool hf_health_is_refusal(const struct hf_error *error);

#endif
