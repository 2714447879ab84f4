/* SPDX-License-Identifier: MIT */
/*
 * What a new connection is asked or told before anybody gets it: do the pool's
 * settings reach statements there, and how; then the user's onConnect SQL.
 *
 *     CHECKING --> PROVING        each step may end it: done, failed, or to be
 *        |            |           connected again
 *        +--> SETTING +--> GREETING
 *
 * Ownership: the struct is the caller's memory; `error` is to be finished.
 * Threads: the engine's thread only.
 */
#ifndef HF_NET_ENGINE_SETTLE_H
#define HF_NET_ENGINE_SETTLE_H

#include <stdbool.h>

#include "core/base/error.h"

struct hf_netpool;
struct hf_slot;

enum hf_settle_step {
  HF_SETTLE_CHECKING, /* are the settings there since its start? */
  HF_SETTLE_PROVING,  /* do they arrive with each unit? */
  HF_SETTLE_SETTING,  /* sets them, where neither can be */
  HF_SETTLE_GREETING  /* the user's onConnect */
};

enum hf_settle_verdict {
  HF_SETTLE_ASKED,  /* a unit is under way: hf_settle_go_on follows */
  HF_SETTLE_DONE,   /* the connection can be used */
  HF_SETTLE_FAILED, /* `error` says why; to be closed */
  HF_SETTLE_AGAIN   /* to be closed, and connected once more */
};

struct hf_settle {
  struct hf_netpool *pool;
  struct hf_slot *slot;
  bool with_settings; /* it was opened with the settings */
  enum hf_settle_step step;
  struct hf_error error;
};

/* Begins with a slot's new connection. */
HF_NODISCARD enum hf_settle_verdict hf_settle_begin(struct hf_settle *settle,
                                                    struct hf_netpool *pool,
                                                    struct hf_slot *slot,
                                                    bool with_settings);

/* The unit that was asked for is over, or its connection failed. */
HF_NODISCARD enum hf_settle_verdict hf_settle_go_on(struct hf_settle *settle);

#endif
