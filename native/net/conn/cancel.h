/* SPDX-License-Identifier: MIT */
/*
 * A cancel request under way for a connection. The connection is used again
 * only when the request's socket was closed by the server; a request whose
 * fate stays unknown ends the connection.
 *
 * Ownership: frees itself when its job is over; a connection that closes
 * first lets it go with hf_cancel_forget.
 * Threads: the engine's thread only.
 */
#ifndef HF_NET_CONN_CANCEL_H
#define HF_NET_CONN_CANCEL_H

#include <stdbool.h>

struct hf_cancel;
struct hf_conn;

/* Sends the request. NULL when that is impossible; the connection fails. */
struct hf_cancel *hf_cancel_start(struct hf_conn *conn);

/* Returns whether an answer should wait for its end no longer. */
bool hf_cancel_is_late(const struct hf_cancel *canceller);

/* The connection is gone; the request goes on by itself. Accepts NULL. */
void hf_cancel_forget(struct hf_cancel *canceller);

#endif
