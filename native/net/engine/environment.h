/* SPDX-License-Identifier: MIT */
/*
 * Closes the handles of an environment.
 *
 * Threads: the engine's thread only.
 */
#ifndef HF_NET_ENGINE_ENVIRONMENT_H
#define HF_NET_ENGINE_ENVIRONMENT_H

struct hf_handle;
struct hf_port;

/* Closes a handle and frees it. */
void hf_environment_drop(struct hf_port *port, struct hf_handle *handle);

/*
 * Closes all handles of an environment that is gone, and frees its port:
 * waiting calls are dropped, leases released.
 */
void hf_environment_close(struct hf_port *port);

#endif
