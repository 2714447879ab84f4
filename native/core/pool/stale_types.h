/* SPDX-License-Identifier: MIT */
/*
 * A server keeps the parameter types of a named statement as they were when it
 * was prepared. After ALTER TABLE they may no longer fit, and the statement
 * fails.
 *
 * Threads: any; pure.
 */
#ifndef HF_CORE_POOL_STALE_TYPES_H
#define HF_CORE_POOL_STALE_TYPES_H

#include <stdbool.h>

struct hf_request;

/*
 * Returns true when a request that ran under a name prepared earlier failed
 * because of types, so that it may succeed when it is prepared again.
 */
bool hf_stale_types_suspected(const struct hf_request *request);

#endif
