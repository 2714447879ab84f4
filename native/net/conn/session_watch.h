/* SPDX-License-Identifier: MIT */
/*
 * Watches settings that users may change and that decoding depends on: the
 * encoding and the style of dates, which the server reports.
 *
 * Ownership: borrows. Threads: the engine's thread only.
 */
#ifndef HF_NET_CONN_SESSION_WATCH_H
#define HF_NET_CONN_SESSION_WATCH_H

#include "net/conn/conn_state.h"

/*
 * Resets the encoding if the unit has changed it. Returns whether it did: the
 * unit is complete when that is answered.
 */
bool hf_session_watch_restore_encoding(struct hf_conn *conn,
                                       struct hf_unit *unit);

/* A unit is complete: notes what has to be reset before the next user. */
void hf_session_watch_end_unit(struct hf_conn *conn,
                               const struct hf_unit *unit);

#endif
