/* SPDX-License-Identifier: MIT */
/*
 * warmup(): opens `min` connections, at least one, before they are needed.
 * Calls share one warm-up, and each has its own time limit. The pool continues
 * to open connections after all calls have given up.
 *
 *           call                   enough are open
 *     COLD ------> OPENING ---------------------------> WARM
 *      ^              |                                  ^ | call, and too
 *      | nobody waits |                                  | v few are open
 *      +--------------+                               REOPENING
 *
 * Ownership: calls are the engine's; borrowed from hf_warmup_begin until they
 * are answered.
 * Threads: the engine's thread only.
 */
#ifndef HF_CORE_FEATURES_WARMUP_H
#define HF_CORE_FEATURES_WARMUP_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/list.h"
#include "holdfast.h"

struct hf_error;
struct hf_pool;

enum hf_warmup_state {
  HF_WARMUP_COLD,      /* fewer than `min` connections were ever open at once */
  HF_WARMUP_OPENING,   /* a call waits for them to open */
  HF_WARMUP_WARM,      /* `min` connections were open at once */
  HF_WARMUP_REOPENING, /* warm, and a call waits for connections again */
  HF_WARMUP_STATES
};

/* One call of warmup(). */
struct hf_warmup_call {
  /* set by the engine, read-only afterwards */
  const void *owner;
  uint64_t until_us; /* when it is refused; UINT64_MAX = never */
  bool fail_fast;    /* a failed connect is its answer */

  /* set by the warm-up */
  uint64_t begun_us;
  struct hf_link link;
};

/*
 * Answers a call, which belongs to the engine again. `why` is the last connect
 * error: the error of the call when the statuses are equal, else its cause.
 */
typedef void (*hf_warmup_answer_cb)(void *ctx,
                                    struct hf_warmup_call *call,
                                    enum hf_status status,
                                    const struct hf_error *why);

struct hf_warmup {
  /* set at init, read-only */
  struct hf_pool *pool;
  hf_warmup_answer_cb answer;
  void *ctx;

  /* changed by the mover */
  enum hf_warmup_state state;

  /* changed by the warm-up */
  uint64_t since_us;      /* when OPENING or REOPENING began */
  uint64_t failure_us;    /* the failed connect after which the next was brought
                             forward */
  struct hf_list waiting; /* calls in order */
};

/* Returns a state's name, for traces and tests. */
const char *hf_warmup_state_name(enum hf_warmup_state state);

/* Initializes the warm-up of `pool` as COLD. */
void hf_warmup_init(struct hf_warmup *warmup,
                    struct hf_pool *pool,
                    hf_warmup_answer_cb answer,
                    void *ctx);

/* Begins a call. It may be answered before this returns. */
void hf_warmup_begin(struct hf_warmup *warmup,
                     struct hf_warmup_call *call,
                     uint64_t now_us);

/* Answers a call early with `status`, such as HF_ABORTED. */
void hf_warmup_refuse(struct hf_warmup *warmup,
                      struct hf_warmup_call *call,
                      enum hf_status status);

/* Answers all calls of an owner with HF_POOL_CLOSED. */
void hf_warmup_end_owner(struct hf_warmup *warmup, const void *owner);

/* Answers calls that can be answered. Called at the end of the pool's turns. */
void hf_warmup_review(struct hf_warmup *warmup, uint64_t now_us);

/* Returns when hf_warmup_review() is due at the latest; UINT64_MAX = never. */
uint64_t hf_warmup_next_us(const struct hf_warmup *warmup);

/* Returns true when a call waits. */
bool hf_warmup_is_opening(const struct hf_warmup *warmup);

/* Returns true when `min` connections are open, or were at once. */
bool hf_warmup_is_warm(struct hf_warmup *warmup);

/* Returns true when the gauges show at least `min` open connections. */
bool hf_warmup_is_enough(const struct hf_gauges *gauges, int32_t min);

#endif
