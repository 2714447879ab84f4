/* SPDX-License-Identifier: MIT */
/*
 * The retry law: the hf_retry_* functions of holdfast.h and the one step of
 * it that the engine needs when it has classified a failure already.
 *
 * Threads: any; the process-wide budget is atomic.
 */
#ifndef HF_CORE_POLICY_RETRY_H
#define HF_CORE_POLICY_RETRY_H

#include "holdfast.h"

struct hf_budget;
struct hf_load;

/* Returns the process-wide budget. */
struct hf_budget *hf_retry_budget(void);

/* Returns what is known of the server's load. */
struct hf_load *hf_retry_load(void);

/*
 * Decides on a failure that was classified already and counts it in `state`.
 * A `costly` failure (a time-out) costs two tokens. As hf_retry_next otherwise.
 */
struct hf_verdict hf_retry_judge(const struct hf_retry_policy *policy,
                                 struct hf_retry_state *state,
                                 const struct hf_classification *why,
                                 bool costly,
                                 double now_ms,
                                 uint32_t random);

#endif
