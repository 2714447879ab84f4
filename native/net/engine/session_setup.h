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
#ifndef HF_NET_ENGINE_SESSION_SETUP_H
#define HF_NET_ENGINE_SESSION_SETUP_H

#include <stdbool.h>

#include "core/base/error.h"

struct hf_netpool;
struct hf_slot;

enum hf_session_setup_step {
  HF_SESSION_SETUP_CHECK_STARTUP, /* are the settings there since its start? */
  HF_SESSION_SETUP_CHECK_UNIT,    /* do they arrive with each unit? */
  HF_SESSION_SETUP_SET,           /* sets them, where neither can be */
  HF_SESSION_SETUP_ON_CONNECT     /* the user's onConnect */
};

enum hf_session_setup_result {
  HF_SESSION_SETUP_PENDING,  /* a unit is under way: hf_session_setup_continue
                                follows */
  HF_SESSION_SETUP_DONE,     /* the connection can be used */
  HF_SESSION_SETUP_FAILED,   /* `error` says why; to be closed */
  HF_SESSION_SETUP_RECONNECT /* to be closed, and connected once more */
};

struct hf_session_setup {
  struct hf_netpool *pool;
  struct hf_slot *slot;
  bool with_settings; /* it was opened with the settings */
  enum hf_session_setup_step step;
  struct hf_error error;
};

/* Begins with a slot's new connection. */
HF_NODISCARD enum hf_session_setup_result hf_session_setup_begin(
    struct hf_session_setup *setup,
    struct hf_netpool *pool,
    struct hf_slot *slot,
    bool with_settings);

/* The unit that was asked for is over, or its connection failed. */
HF_NODISCARD enum hf_session_setup_result hf_session_setup_continue(
    struct hf_session_setup *setup);

#endif
