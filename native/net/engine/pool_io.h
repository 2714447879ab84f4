/* SPDX-License-Identifier: MIT */
/*
 * A pool between its core and its connections: what the core asks for, done
 * with connections, and what those tell, told to the core.
 *
 * Threads: the engine's thread only.
 */
#ifndef HF_NET_ENGINE_POOL_IO_H
#define HF_NET_ENGINE_POOL_IO_H

struct hf_conn_callbacks;
struct hf_pool_io;

/* What the core asks for; `ctx` is to be the hf_netpool. */
extern const struct hf_pool_io hf_pool_io_table;

/* What the pool's connections tell. */
extern const struct hf_conn_callbacks hf_pool_io_callbacks;

#endif
