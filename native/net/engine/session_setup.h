/* SPDX-License-Identifier: MIT */
/*
 * Sets up the session of a new connection: makes sure that the pool's settings
 * reach statements there, then runs the user's onConnect SQL.
 *
 *     CHECK_STARTUP --> CHECK_UNIT     each step may be the last: done, failed,
 *           |               |          or to be connected again
 *           +----> SET -----+--> ON_CONNECT
 *
 * Ownership: the struct is the caller's memory, who finishes `error`.
 * Threads: the engine's thread only.
 */
#ifndef HF_NET_ENGINE_SESSION_SETUP_H
#define HF_NET_ENGINE_SESSION_SETUP_H

#include <stdbool.h>

#include "core/base/error.h"

struct hf_netpool;
struct hf_slot;

enum hf_session_setup_step {
  HF_SESSION_SETUP_CHECK_STARTUP, /* has the session the settings since its
                                     start? */
  HF_SESSION_SETUP_CHECK_UNIT, /* do settings in a unit reach its statement? */
  HF_SESSION_SETUP_SET,        /* sets them for the session */
  HF_SESSION_SETUP_ON_CONNECT  /* runs the user's onConnect */
};

enum hf_session_setup_result {
  HF_SESSION_SETUP_PENDING,  /* a unit is under way: hf_session_setup_continue
                                follows */
  HF_SESSION_SETUP_DONE,     /* the connection can be used */
  HF_SESSION_SETUP_FAILED,   /* `error` says why; close the connection */
  HF_SESSION_SETUP_RECONNECT /* close the connection and open another */
};

struct hf_session_setup {
  struct hf_netpool *pool;
  struct hf_slot *slot;
  bool with_settings; /* it was opened with the settings */
  enum hf_session_setup_step step;
  struct hf_error error;
};

/* Begins to set up the new connection of a slot. */
HF_NODISCARD enum hf_session_setup_result hf_session_setup_begin(
    struct hf_session_setup *setup,
    struct hf_netpool *pool,
    struct hf_slot *slot,
    bool with_settings);

/* Continues when the unit is complete, or the connection has failed. */
HF_NODISCARD enum hf_session_setup_result hf_session_setup_continue(
    struct hf_session_setup *setup);

#endif
