/* SPDX-License-Identifier: MIT */
/*
 * health(): asks the server the way queries go, and says what came of it, by
 * its limit at the latest. Calls at about the same time share one probe and
 * its verdict, in all threads.
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
 * The statement that probes: whether it is a standby, and whether transactions
 * only read there.
 */
#define HF_HEALTH_SQL                                                          \
  "select pg_is_in_recovery(), current_setting('transaction_read_only')"

enum {
  /* A probe ends that much before its checks: its error says more. */
  HF_HEALTH_MARGIN_MS = 25
};

/* A probe on its way: a query with HF_FLAG_PROBE, ahead of the line. */
struct hf_health_probe {
  /* set by the engine when it makes one */
  struct hf_request *request;

  /* set by the engine when the server answers */
  enum hf_health_role role;
  bool takes_no_writes;

  /* health's */
  uint64_t begun_us;
  uint64_t ends_us;      /* the limit of the check that began it */
  struct hf_list checks; /* that wait for it */
  struct hf_link link;
};

enum hf_check_state {
  HF_CHECK_NEW,
  HF_CHECK_HELD,   /* for a warm-up, half of its time at most */
  HF_CHECK_ASKING, /* waits for a probe */
  HF_CHECK_DONE,   /* answered: the engine's again */
  HF_CHECK_STATES
};

/* One call of health(). */
struct hf_health_check {
  /* set by the engine before hf_health_begin, read-only afterwards */
  const void *owner;
  uint64_t ends_us;  /* its limit */
  bool asks_to_read; /* the pool's settings make transactions read-only */

  /* changed by the mover and by health */
  enum hf_check_state state;
  struct hf_health_probe *probe; /* while ASKING */
  struct hf_link link;           /* among those HELD, or the probe's */
  struct hf_link of_all;
  struct hf_heap_node timer;
};

/* What a check is told; borrowed for the call. */
struct hf_health_report {
  struct hf_health_verdict verdict;
  struct hf_gauges gauges;
  bool warmed;
  const struct hf_error *error; /* of the probe; HF_OK = it did not fail */
  const struct hf_error *cause;
  const struct hf_request *request; /* that failed, or NULL */
};

/* What health needs of the engine. */
struct hf_health_io {
  void *ctx;

  /* Makes a probe that gives up at `limit_us`; NULL when out of memory. */
  struct hf_health_probe *(*make)(void *ctx, uint64_t limit_us);

  /*
   * Submits a probe to the pool. It ends by hf_health_on_probed, which may
   * come before this returns.
   */
  void (*send)(void *ctx, struct hf_health_probe *probe);

  /* Answers a check, which is the engine's again. */
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
  struct hf_list checks; /* all that are not DONE */
  struct hf_list held;   /* of these, those HELD */
  struct hf_list probes; /* under way, the newest last */
  struct hf_heap timers; /* of checks, by time */
};

/* Returns a state's name, for traces and tests. */
const char *hf_check_state_name(enum hf_check_state state);

/* Prepares the health of `pool`, whose warm-up is `warmup`. */
void hf_health_init(struct hf_health *health,
                    struct hf_pool *pool,
                    struct hf_warmup *warmup,
                    const struct hf_health_io *io);

/* Begins a check that is zeroed but for its terms; see hf_health_io. */
void hf_health_begin(struct hf_health *health,
                     struct hf_health_check *check,
                     uint64_t now_us);

/* A probe's request is settled: its error says how it went. */
void hf_health_on_probed(struct hf_health *health,
                         struct hf_health_probe *probe,
                         uint64_t now_us);

/* The pool was ended for an owner: answers its checks. */
void hf_health_end_owner(struct hf_health *health, const void *owner);

/* Answers what is due: at the end of the pool's turns. */
void hf_health_review(struct hf_health *health, uint64_t now_us);

/* Returns when hf_health_review is due at the latest; UINT64_MAX = never. */
uint64_t hf_health_next_us(const struct hf_health *health);

#endif
