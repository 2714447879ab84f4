/* SPDX-License-Identifier: MIT */
/*
 * What users change in a session and our decoding rests on: the encoding, the
 * style of dates, the statements known by name. The server reports the first
 * two, and the command's tag tells of the third.
 *
 * Ownership: borrows. Threads: the engine's thread only.
 */
#ifndef HF_NET_CONN_SESSION_WATCH_H
#define HF_NET_CONN_SESSION_WATCH_H

#include "net/conn/conn_state.h"

/*
 * Sets the encoding back at once: no text is to be misread, not by the one who
 * changed it either. Returns true when an answer is still to come.
 */
bool hf_session_watch_restore_encoding(struct hf_conn *conn,
                                       struct hf_unit *unit);

/* A unit is over: notes what has to go back before anybody else comes. */
void hf_session_watch_end_unit(struct hf_conn *conn,
                               const struct hf_unit *unit);

#endif
