/* SPDX-License-Identifier: MIT */
/*
 * The retry policy: the hf_retry_* functions of holdfast.h, and the decision
 * for failures that the engine has classified already.
 *
 * Threads: any; the process-wide budget is atomic.
 */
#ifndef HF_CORE_POLICY_RETRY_H
#define HF_CORE_POLICY_RETRY_H

#include "holdfast.h"

struct hf_budget;
struct hf_load;

/* Returns the retry budget of the process. */
struct hf_budget *hf_retry_budget(void);

/* Returns the load of the server as seen by the process. */
struct hf_load *hf_retry_load(void);

/*
 * Decides whether a classified failure is retried, and counts it in `state`. A
 * `costly` failure (a timeout) costs two tokens. Otherwise as hf_retry_next().
 */
struct hf_verdict hf_retry_judge(const struct hf_retry_policy *policy,
                                 struct hf_retry_state *state,
                                 const struct hf_classification *why,
                                 bool costly,
                                 double now_ms,
                                 uint32_t random);

#endif
