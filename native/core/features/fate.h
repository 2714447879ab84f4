/* SPDX-License-Identifier: MIT */
/*
 * What became of a COMMIT whose answer was lost: whom to ask, when to ask
 * again, when to end what was left behind, and what the answers mean. The entry
 * points are in holdfast.h; here are the times.
 *
 *     LOST --> ASKED --> WAITING (in progress: asks again)
 *      ^ |       | ^------'  | for too long
 *      | |       |           v
 *      | |       |      TERMINATING --> WAITING
 *      | |       +--> ROLLED_BACK
 *      | |       +--> LISTED --> CONFIRMING (standbys) --> COMMITTED
 *      | |       +--> UNKNOWN (another server, or it does not remember)
 *      | v
 *     AWAY (any step failed; tries again)      UNKNOWN when the time is over
 *
 * Ownership: plain data.
 * Threads: any.
 */
#ifndef HF_CORE_FEATURES_FATE_H
#define HF_CORE_FEATURES_FATE_H

#include "holdfast.h"

enum {
  /* How long a server is asked after the loss of a COMMIT. */
  HF_FATE_ASK_MS = 8000,
  /* A transaction in progress may end by itself for so long. */
  HF_FATE_PATIENCE_MS = 100,
  /* It mostly ends at once: asked again soon at first, then less often. */
  HF_FATE_FIRST_PAUSE_MS = 5,
  HF_FATE_PAUSE_MS = 50
};

/* Returns a state's name, for traces and tests. */
const char *hf_fate_state_name(enum hf_fate_state state);

#endif
