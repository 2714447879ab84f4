/* SPDX-License-Identifier: MIT */
/*
 * COPY TO STDOUT: the server's data are joined to portions and handed over, as
 * many as the reader has room for. Without room nothing is read from the
 * socket, and TCP slows down the server.
 *
 * Ownership: borrows.
 * Threads: the engine's thread only.
 */
#ifndef HF_NET_CONN_CONN_COPY_OUT_H
#define HF_NET_CONN_CONN_COPY_OUT_H

#include <stdbool.h>

#include "net/conn/conn_state.h"

/*
 * Takes data that libpq has, of a COPY that is open. Returns false when there
 * is nothing to do before more is read.
 */
bool hf_conn_copy_take(struct hf_conn *conn, struct hf_unit *unit);

/*
 * Returns whether nothing may be read now, because the reader has no room. The
 * pool is told when that begins or ends.
 */
bool hf_conn_copy_waits(struct hf_conn *conn);

/* Nothing more is there now: a reader without data gets what there is. */
void hf_conn_copy_pass_on(struct hf_conn *conn);

/* The reader takes another portion. Reading may have to be resumed. */
void hf_conn_copy_more(struct hf_conn *conn, struct hf_unit *unit);

/* Drops the rest of the data. Reading may have to be resumed. */
void hf_conn_copy_skip(struct hf_conn *conn);

#endif
