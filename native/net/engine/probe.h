/* SPDX-License-Identifier: MIT */
/*
 * Asks the server of a silent connection about its session, on a second
 * connection to the same address. Behind a pooler it only finds out whether
 * that answers a login.
 *
 * Ownership: frees itself once the pool has its finding.
 *
 * Threads: the engine's thread only.
 */
#ifndef HF_NET_ENGINE_PROBE_H
#define HF_NET_ENGINE_PROBE_H

#include <stdbool.h>

struct hf_netpool;
struct hf_slot;

/*
 * Starts; hf_pool_on_probed follows. Returns false when it cannot be started.
 */
bool hf_probe_start(struct hf_netpool *pool, struct hf_slot *slot);

#endif
