/* SPDX-License-Identifier: MIT */
/*
 * Streams: the rows of a unit are handed over in portions while it runs, as
 * many as its reader has room for. Without room nothing is read from the
 * socket, and TCP slows down the server.
 *
 * Where rows are left unread a cancel ends the statement. Inside a transaction
 * that would be the end of the transaction as well, so there a statement that
 * only reads runs behind a savepoint.
 *
 * Ownership: borrows.
 * Threads: the engine's thread only.
 */
#ifndef HF_NET_CONN_CONN_STREAM_H
#define HF_NET_CONN_CONN_STREAM_H

#include <stdbool.h>

#include <libpq-fe.h>

#include "net/conn/conn_state.h"

/* Sends the savepoint before the statement, or its release after it. */
HF_NODISCARD bool hf_conn_stream_send_before(struct hf_conn *conn,
                                             struct hf_unit *unit);
HF_NODISCARD bool hf_conn_stream_send_after(struct hf_conn *conn,
                                            struct hf_unit *unit);

/*
 * Returns whether nothing may be read now, because the reader has no room. The
 * pool is told when that begins or ends.
 */
bool hf_conn_stream_waits(struct hf_conn *conn);

/* Rows of `result` were encoded: hands over a portion that is full. */
void hf_conn_stream_add(struct hf_conn *conn,
                        struct hf_unit *unit,
                        const PGresult *result);

/* Nothing more is there now: a reader without rows gets what there is. */
void hf_conn_stream_pass_on(struct hf_conn *conn);

/* The statement has failed: a reader that has rows of it gets the others. */
void hf_conn_stream_flush(struct hf_conn *conn, struct hf_unit *unit);

/* The reader takes another portion. Reading may have to be resumed. */
void hf_conn_stream_more(struct hf_conn *conn, struct hf_unit *unit);

/* Drops the rest of the rows. Reading may have to be resumed. */
void hf_conn_stream_skip(struct hf_conn *conn);

/*
 * Undoes a stream that its reader left, so that its transaction goes on. To be
 * called when the unit is complete, and no cancel request is under way. Returns
 * whether it did: the unit will be complete once more.
 */
bool hf_conn_stream_undo(struct hf_conn *conn, struct hf_unit *unit);

#endif
