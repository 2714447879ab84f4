/* SPDX-License-Identifier: MIT */
/*
 * Sending of units. A unit is what stands before one Sync: the user's
 * statement, and before it the settings it needs and the Parse of its name.
 * All of it leaves in one flight, so that behind a pooler it reaches one
 * server connection and leaves nothing there.
 *
 * Ownership: borrows.
 * Threads: the engine's thread only.
 */
#ifndef HF_NET_CONN_CONN_SEND_H
#define HF_NET_CONN_CONN_SEND_H

#include "net/conn/conn_state.h"

/* Sends a unit, the last of the slot's running list. */
void hf_conn_execute(struct hf_conn *conn, struct hf_unit *unit);

/* Why a statement is not run without its settings. */
extern const char hf_needs_session[];

#endif
