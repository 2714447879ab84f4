/* SPDX-License-Identifier: MIT */
/*
 * A cancel request under way for a connection. The connection is used again
 * only when the request's socket was closed by the server; a request whose
 * fate stays unknown ends the connection.
 *
 * Ownership: frees itself when it is over; a connection that closes first
 * lets it go with hf_cancel_detach.
 * Threads: the engine's thread only.
 */
#ifndef HF_NET_CONN_CANCEL_H
#define HF_NET_CONN_CANCEL_H

#include <stdbool.h>

#include <libpq-fe.h>

struct hf_cancel;
struct hf_loop;

/*
 * Sends a request for what runs on the connection. `over` follows, from the
 * loop, with whether the server has read it. NULL when that is impossible.
 */
struct hf_cancel *hf_cancel_start(struct hf_loop *loop,
                                  PGconn *pg,
                                  void (*over)(void *ctx, bool reached),
                                  void *ctx);

/*
 * An answer waits for the request's end. Returns false when it should wait no
 * longer.
 */
bool hf_cancel_await(struct hf_cancel *cancel);

/* The connection is gone; the request goes on by itself. Accepts NULL. */
void hf_cancel_detach(struct hf_cancel *cancel);

#endif
