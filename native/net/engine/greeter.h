/* SPDX-License-Identifier: MIT */
/*
 * Who prepares a new connection: one of the environments that have a hook.
 *
 * Threads: the engine's thread only.
 */
#ifndef HF_NET_ENGINE_GREETER_H
#define HF_NET_ENGINE_GREETER_H

struct hf_handle;
struct hf_lease;
struct hf_netpool;
struct hf_slot;

/*
 * Makes a lease for the environment that waits for the connection, if it has a
 * hook, else for the oldest that has one. NULL when there is none.
 */
struct hf_lease *hf_greeter_lend(struct hf_netpool *pool, struct hf_slot *slot);

#endif
