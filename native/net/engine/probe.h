/* SPDX-License-Identifier: MIT */
/*
 * Asks the server of a silent connection what became of it: a second
 * connection to the same address, and there a look for our own session. Behind
 * a pooler a login that it answered is all there is to know.
 *
 * Ownership: frees itself when the pool has its answer.
 * Threads: the engine's thread only.
 */
#ifndef HF_NET_ENGINE_PROBE_H
#define HF_NET_ENGINE_PROBE_H

#include <stdbool.h>

struct hf_netpool;
struct hf_slot;

/* Asks; hf_pool_on_probed follows. Returns false when it cannot be begun. */
bool hf_probe_start(struct hf_netpool *pool, struct hf_slot *slot);

#endif
