/* SPDX-License-Identifier: MIT */
/*
 * A server keeps the types of a named statement's parameters as they were when
 * it was prepared. After ALTER TABLE they no longer fit, and say so.
 *
 * Threads: any; pure.
 */
#ifndef HF_CORE_POOL_STALE_TYPES_H
#define HF_CORE_POOL_STALE_TYPES_H

#include <stdbool.h>

struct hf_request;

/*
 * Returns whether a request failed in a way that a statement prepared afresh
 * may not: it ran under a name from before, and the error is about types.
 */
bool hf_stale_types_suspected(const struct hf_request *request);

#endif
