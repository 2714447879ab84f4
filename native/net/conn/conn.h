/* SPDX-License-Identifier: MIT */
/*
 * A connection on the engine's loop. It sends units in the order of its slot's
 * running list and reads their answers.
 *
 * Ownership: owns an open PGconn; frees itself after hf_conn_close.
 * Threads: the engine's thread only.
 */
#ifndef HF_NET_CONN_CONN_H
#define HF_NET_CONN_CONN_H

#include <stdbool.h>

#include <libpq-fe.h>

#include "net/conn/conn_send.h"
#include "net/conn/conn_state.h"

/*
 * Makes a connection; takes ownership of `pg` in any case. Returns NULL, with
 * errno set, when out of memory or when the socket cannot be watched.
 */
struct hf_conn *hf_conn_new(struct hf_conn_shared *shared,
                            struct hf_slot *slot,
                            PGconn *pg);

/* Sends a unit of our own; `internal_done` is called when it is answered. */
void hf_conn_run_internal(struct hf_conn *conn,
                          enum hf_internal_unit internal_unit,
                          const char *sql);

/*
 * Resets the session to what it was when it was set up, as a unit of our own.
 * DISCARD ALL would refuse to share a transaction with what has to be set
 * again.
 */
void hf_conn_discard(struct hf_conn *conn);

/* Sends a unit of the proof; `proved` is called when it has ended. */
void hf_conn_prove(struct hf_conn *conn, enum hf_proof_step step);

/* Returns whether an idle connection is still alive, without waiting. */
bool hf_conn_is_usable(struct hf_conn *conn);

/* Writes the output of this turn, or reports the end of the connection. */
void hf_conn_flush(struct hf_conn *conn);

/* A portion of a stream or COPY has grown long enough: hands it over. */
void hf_conn_pass_on(struct hf_conn *conn);

/* Ends a pause in reading. */
void hf_conn_resume(struct hf_conn *conn);

/* The reader of a stream takes another portion. */
void hf_conn_read_more(struct hf_conn *conn, struct hf_unit *unit);

/* Drops the rows that the stream in flight still brings. */
void hf_conn_skip(struct hf_conn *conn);

/* Closes the connection; `closed` may be called later, see there. */
void hf_conn_close(struct hf_conn *conn);

#endif
