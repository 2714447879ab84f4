/* SPDX-License-Identifier: MIT */
/*
 * A cancel request for what runs on a connection. The connection can be used
 * again once the server has closed the request's socket. If that does not
 * happen the connection is closed: the request might cancel a later statement.
 *
 * Ownership: frees itself when it is done. A connection that closes earlier
 * calls hf_cancel_detach.
 * Threads: the engine's thread only.
 */
#ifndef HF_NET_CONN_CANCEL_H
#define HF_NET_CONN_CANCEL_H

#include <stdbool.h>

#include <libpq-fe.h>

struct hf_cancel;
struct hf_loop;

/*
 * Sends a request. `done` is called from the loop; `reached` says whether the
 * server has read it. Returns NULL when the request cannot be sent.
 */
struct hf_cancel *hf_cancel_start(struct hf_loop *loop,
                                  PGconn *pg,
                                  void (*done)(void *ctx, bool reached),
                                  void *ctx);

/*
 * Notes that a unit waits for the end of the request. Returns false when it has
 * waited long enough.
 */
bool hf_cancel_await(struct hf_cancel *cancel);

/* Forgets the connection; `done` is not called. Accepts NULL. */
void hf_cancel_detach(struct hf_cancel *cancel);

#endif
