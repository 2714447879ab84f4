/* SPDX-License-Identifier: MIT */
/*
 * Connects the core's pool with its connections.
 *
 * Threads: the engine's thread only.
 */
#ifndef HF_NET_ENGINE_POOL_IO_H
#define HF_NET_ENGINE_POOL_IO_H

struct hf_conn_callbacks;
struct hf_pool_io;

/* The operations that the core calls; their ctx is the hf_netpool. */
extern const struct hf_pool_io hf_pool_io_table;

/* The callbacks of connections. */
extern const struct hf_conn_callbacks hf_pool_io_callbacks;

#endif
