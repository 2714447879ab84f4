/* SPDX-License-Identifier: MIT */
/*
 * Finds out what became of a COMMIT whose answer was lost: when to ask the
 * server, when to terminate the old backend, and what the answers mean. The
 * functions are in holdfast.h; here are the times.
 *
 *     LOST --> ASKED --> WAITING (in progress: asks again)
 *      ^ |       | ^------'  | for too long
 *      | |       |           v
 *      | |       |      TERMINATING --> WAITING
 *      | |       +--> ROLLED_BACK
 *      | |       +--> LISTED --> CONFIRMING (standbys) --> COMMITTED
 *      | |       +--> UNKNOWN (another server, or it does not remember)
 *      | v
 *     RETRYING (a step failed)                 UNKNOWN when the time is over
 *
 * Ownership: plain data.
 * Threads: any.
 */
#ifndef HF_CORE_FEATURES_FATE_H
#define HF_CORE_FEATURES_FATE_H

#include "holdfast.h"

enum {
  /* How long to ask after the loss of a COMMIT. */
  HF_FATE_ASK_MS = 8000,
  /* How long a transaction in progress may take to end by itself. */
  HF_FATE_PATIENCE_MS = 100,
  /* It usually ends at once: ask again soon at first, then less often. */
  HF_FATE_FIRST_PAUSE_MS = 5,
  HF_FATE_PAUSE_MS = 50
};

/* Returns a state's name, for traces and tests. */
const char *hf_fate_state_name(enum hf_fate_state state);

#endif
