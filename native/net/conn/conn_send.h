/* SPDX-License-Identifier: MIT */
/*
 * Sends units. A unit is everything before one Sync: the user's statement and,
 * before it, settings and the Parse of its name. It is sent as a whole, so that
 * behind a pooler it reaches one server connection and leaves nothing there.
 *
 * Ownership: borrows.
 * Threads: the engine's thread only.
 */
#ifndef HF_NET_CONN_CONN_SEND_H
#define HF_NET_CONN_CONN_SEND_H

#include "net/conn/conn_state.h"

/* Sends a unit, which is the last one of the slot's running list. */
void hf_conn_execute(struct hf_conn *conn, struct hf_unit *unit);

/* The message for a statement that cannot be run with the pool's settings. */
extern const char hf_needs_session[];

#endif
