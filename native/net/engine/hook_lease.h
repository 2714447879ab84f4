/* SPDX-License-Identifier: MIT */
/*
 * Chooses the environment that prepares a new connection with its hook.
 *
 * Threads: the engine's thread only.
 */
#ifndef HF_NET_ENGINE_HOOK_LEASE_H
#define HF_NET_ENGINE_HOOK_LEASE_H

struct hf_handle;
struct hf_lease;
struct hf_netpool;
struct hf_slot;

/*
 * Returns a lease for the hook of the environment whose call waits first or,
 * without one, of the oldest handle with a hook. NULL when there is no hook.
 */
struct hf_lease *hf_hook_lease_new(struct hf_netpool *pool,
                                   struct hf_slot *slot);

#endif
