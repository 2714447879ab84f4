/* SPDX-License-Identifier: MIT */
/*
 * The end of what an environment has: of one handle, and of all when the
 * environment goes.
 *
 * Threads: the engine's thread only.
 */
#ifndef HF_NET_ENGINE_ENVIRONMENT_H
#define HF_NET_ENGINE_ENVIRONMENT_H

struct hf_handle;
struct hf_port;

/* The handle is no more; frees it. */
void hf_environment_drop(struct hf_port *port, struct hf_handle *handle);

/*
 * The environment is gone: drops what waits, gives back what it held, frees
 * the port.
 */
void hf_environment_close(struct hf_port *port);

#endif
