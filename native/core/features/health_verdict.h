/* SPDX-License-Identifier: MIT */
/*
 * From what a health check found, and the pool's figures, to a verdict; with
 * what one check remembers for the next: the server's role, its silence, and
 * how many connections had been lost.
 *
 * Up means that a query works now, down that none does. Between them lies
 * degraded: queries work, or would if others let them.
 *
 * Ownership: plain data; errors are borrowed for the call.
 * Threads: none.
 */
#ifndef HF_CORE_FEATURES_HEALTH_VERDICT_H
#define HF_CORE_FEATURES_HEALTH_VERDICT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/error.h"
#include "core/policy/config.h"
#include "holdfast.h"

enum {
  /* Checks within this time share a probe; a success this young is proof. */
  HF_HEALTH_FRESH_MS = 100,
  /* How long the role is believed, and only of the same connections. */
  HF_HEALTH_ROLE_MS = 1000,
  /* A server that takes longer for nothing is in trouble. */
  HF_HEALTH_SLOW_MS = 1000
};

/* What asking came to. */
enum hf_health_outcome {
  HF_HEALTH_ANSWERED,
  HF_HEALTH_FAILED,    /* with an error */
  HF_HEALTH_TIMED_OUT, /* nothing came of it in time */
  HF_HEALTH_SUSPENDED, /* nobody was asked: the pool is suspended, ... */
  HF_HEALTH_ENDED      /* ... or was ended */
};

struct hf_health_finding {
  enum hf_health_outcome outcome;
  const struct hf_error *error; /* of FAILED */
  const struct hf_error *cause; /* HF_OK when nothing is known */
  bool sent;                    /* of TIMED_OUT: the server had the probe */
  uint64_t took_us;             /* of ANSWERED */
};

/* The pool's figures when a check ends. */
struct hf_health_figures {
  struct hf_gauges gauges;
  int32_t max, queue_max;
  enum hf_pooler_mode pooler;
  uint64_t succeeded;   /* calls, so far */
  uint64_t connected;   /* connects that succeeded */
  uint64_t lost;        /* connections */
  uint64_t lost_busy;   /* of these, at work */
  uint64_t answered_us; /* as hf_pool.answered_us */
  bool asks_to_read;    /* its settings make transactions read-only */
};

/* What the checks of one pool remember. */
struct hf_health_memory {
  enum hf_health_role role;
  uint64_t role_us;     /* when it was learnt, 0 = never */
  uint64_t role_of;     /* by how many connections opened or lost */
  bool was_primary;     /* ever */
  bool takes_no_writes; /* its transactions only read */
  uint64_t lost_busy;   /* as of the last verdict */
  bool silent;          /* a check got no answer, ... */
  uint64_t silent_at;   /* ... when so many calls had succeeded */
};

struct hf_health_verdict {
  enum hf_health_status status;
  enum hf_health_obstacle obstacle;
  uint32_t worries; /* HF_WORRY_* */
  enum hf_health_pooler pooler;
  enum hf_health_role role;
  int32_t answer_ms; /* what the server took, rounded */
  int32_t lost;      /* connections at work, since the last verdict */
};

/*
 * Returns whether no probe is needed: a query succeeded just now, and the role
 * is one that these connections told of.
 */
bool hf_health_is_proved(const struct hf_health_memory *memory,
                         const struct hf_health_figures *figures,
                         uint64_t now_us);

/* Notes what a server that answered says of itself. */
void hf_health_learn(struct hf_health_memory *memory,
                     const struct hf_health_figures *figures,
                     enum hf_health_role role,
                     bool takes_no_writes,
                     uint64_t now_us);

/* Judges a finding. Pure. */
struct hf_health_verdict hf_health_judge(
    const struct hf_health_memory *memory,
    const struct hf_health_figures *figures,
    const struct hf_health_finding *finding);

/* Judges a finding, and remembers what the next verdict depends on. */
struct hf_health_verdict hf_health_conclude(
    struct hf_health_memory *memory,
    const struct hf_health_figures *figures,
    const struct hf_health_finding *finding);

/*
 * Returns whether a working server refuses the probe itself, with an error
 * that says nothing about other statements: that is an answer.
 */
bool hf_health_is_refusal(const struct hf_error *error);

#endif
