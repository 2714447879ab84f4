/* SPDX-License-Identifier: MIT */
/*
 * health(): sends a probe to the server the way queries are sent, and answers
 * within its limit. Calls at about the same time share one probe and its
 * verdict, across all threads.
 *
 *            a warm-up is under way        over, or half of the time is
 *     NEW ---------------------> HELD -----------------------+
 *      |                          |                          v
 *      +--------------------------|---------------------> ASKING
 *      |                          |                          |
 *      | ended, suspended,        | ended, suspended,        | the probe's end,
 *      | proved, no memory        v proved                   v or the limit
 *      +----------------------> DONE <-----------------------+
 *
 * Ownership: checks are the engine's; borrowed from hf_health_begin until they
 * are answered. A probe is made by the engine, which frees it after
 * hf_health_on_probed.
 * Threads: the engine's thread only.
 */
#ifndef HF_CORE_FEATURES_HEALTH_H
#define HF_CORE_FEATURES_HEALTH_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/heap.h"
#include "core/base/list.h"
#include "core/features/health_verdict.h"
#include "holdfast.h"

struct hf_pool;
struct hf_request;
struct hf_warmup;

/*
 * The probe: is the server a standby, and are transactions read-only by
 * default?
 */
#define HF_HEALTH_SQL                                                          \
  "select pg_is_in_recovery(), current_setting('transaction_read_only')"

enum {
  /*
   * A probe ends this much before its checks, because its error says more than
   * a timeout.
   */
  HF_HEALTH_MARGIN_MS = 25
};

/* A probe: a query with HF_FLAG_PROBE, which goes to the head of the queue. */
struct hf_health_probe {
  /* set by the engine at creation */
  struct hf_request *request;

  /* set by the engine when the server answers */
  enum hf_health_role role;
  bool takes_no_writes;

  /* set by health */
  uint64_t begun_us;
  uint64_t ends_us;      /* limit of the check that began it */
  struct hf_list checks; /* checks that wait for it */
  struct hf_link link;
};

enum hf_check_state {
  HF_CHECK_NEW,
  HF_CHECK_HELD,   /* waits for a warm-up, half of its time at most */
  HF_CHECK_ASKING, /* waits for a probe */
  HF_CHECK_DONE,   /* answered: belongs to the engine again */
  HF_CHECK_STATES
};

/* One call of health(). */
struct hf_health_check {
  /* set by the engine before hf_health_begin, read-only afterwards */
  const void *owner;
  uint64_t ends_us;  /* when it must be answered */
  bool asks_to_read; /* the pool's settings make transactions read-only */

  /* changed by the mover and by health */
  enum hf_check_state state;
  struct hf_health_probe *probe; /* while ASKING */
  struct hf_link link;           /* on hf_health.held or on the probe's list */
  struct hf_link of_all;
  struct hf_heap_node timer;
};

/* The answer to a check; borrowed for the call. */
struct hf_health_report {
  struct hf_health_verdict verdict;
  struct hf_gauges gauges;
  bool warmed;
  const struct hf_error *error; /* of the probe; HF_OK = it did not fail */
  const struct hf_error *cause;
  const struct hf_request *request; /* the probe's, or NULL */
};

/* The operations that the engine provides. */
struct hf_health_io {
  void *ctx;

  /* Makes a probe with a deadline; returns NULL when out of memory. */
  struct hf_health_probe *(*make)(void *ctx, uint64_t limit_us);

  /*
   * Submits a probe to the pool. It ends with hf_health_on_probed(), possibly
   * before this returns.
   */
  void (*send)(void *ctx, struct hf_health_probe *probe);

  /* Answers a check, which belongs to the engine again. */
  void (*answer)(void *ctx,
                 struct hf_health_check *check,
                 const struct hf_health_report *report);
};

struct hf_health {
  /* set at init, read-only */
  struct hf_pool *pool;
  struct hf_warmup *warmup;
  struct hf_health_io io;

  /* changed by health */
  struct hf_health_memory memory;
  struct hf_list checks; /* all checks that are not DONE */
  struct hf_list held;   /* those that are HELD */
  struct hf_list probes; /* probes under way, the newest last */
  struct hf_heap timers; /* of checks */
};

/* Returns a state's name, for traces and tests. */
const char *hf_check_state_name(enum hf_check_state state);

/* Initializes the health checks of `pool`, whose warm-up is `warmup`. */
void hf_health_init(struct hf_health *health,
                    struct hf_pool *pool,
                    struct hf_warmup *warmup,
                    const struct hf_health_io *io);

/* Begins a check: zeroed memory with the fields that the engine sets. */
void hf_health_begin(struct hf_health *health,
                     struct hf_health_check *check,
                     uint64_t now_us);

/* A probe's request was settled; its error says how. */
void hf_health_on_probed(struct hf_health *health,
                         struct hf_health_probe *probe,
                         uint64_t now_us);

/* Answers the checks of an owner that has ended the pool. */
void hf_health_end_owner(struct hf_health *health, const void *owner);

/* Answers checks that are due. Called at the end of the pool's turns. */
void hf_health_review(struct hf_health *health, uint64_t now_us);

/* Returns when hf_health_review() is due at the latest; UINT64_MAX = never. */
uint64_t hf_health_next_us(const struct hf_health *health);

#endif
