/* SPDX-License-Identifier: MIT */
/*
 * A connection on the engine's loop: sends the units of calls in the order of
 * its slot's running list and reads their answers.
 *
 * Ownership: made around an open PGconn, which it owns; frees itself after
 * hf_conn_close.
 * Threads: the engine's thread only.
 */
#ifndef HF_NET_CONN_CONN_H
#define HF_NET_CONN_CONN_H

#include <stdbool.h>

#include <libpq-fe.h>

#include "net/conn/conn_send.h"
#include "net/conn/conn_state.h"

/*
 * Makes a connection; takes ownership of `pg` in any case. NULL when out of
 * memory or the socket cannot be watched: errno says which.
 */
struct hf_conn *hf_conn_new(struct hf_conn_shared *shared,
                            struct hf_slot *slot,
                            PGconn *pg);

/* Runs a statement of our own; `internal_done` follows. */
void hf_conn_run_internal(struct hf_conn *conn,
                          enum hf_internal_unit internal_unit,
                          const char *sql);

/* Sends a unit of the proof; `proved` follows. */
void hf_conn_prove(struct hf_conn *conn, enum hf_proof_step step);

/* Looks without waiting whether an idle connection still lives. */
bool hf_conn_is_usable(struct hf_conn *conn);

/* Sends what collected in this turn, or tells the pool of the end. */
void hf_conn_flush(struct hf_conn *conn);

/* Reads on after hf_conn.paused. */
void hf_conn_resume(struct hf_conn *conn);

/* Closes; `closed` follows later. */
void hf_conn_close(struct hf_conn *conn);

#endif
