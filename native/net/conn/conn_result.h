/* SPDX-License-Identifier: MIT */
/*
 * What a result means for the unit that it answers. conn_read.c knows which
 * unit that is, and when it ends.
 *
 * Ownership: borrows.
 * Threads: the engine's thread only.
 */
#ifndef HF_NET_CONN_CONN_RESULT_H
#define HF_NET_CONN_CONN_RESULT_H

#include <stdbool.h>

#include <libpq-fe.h>

#include "net/conn/conn_state.h"

/* Returns whether the next result is that of this step. */
bool hf_unit_is_at_step(const struct hf_unit *unit, enum hf_step step);

/* Returns whether it is that of the user's statement. */
bool hf_unit_is_at_execute(const struct hf_unit *unit);

/* A step other than the user's statement has succeeded. */
void hf_conn_result_on_step(struct hf_unit *unit);

/*
 * Fails the statement with `status` because its answer cannot be used, cancels
 * it and fails the connection.
 */
void hf_conn_result_give_up(struct hf_conn *conn,
                            struct hf_unit *unit,
                            enum hf_status status);

/* Encodes the rows of a result; false when that failed the connection. */
bool hf_conn_result_add_rows(struct hf_conn *conn,
                             struct hf_unit *unit,
                             const PGresult *result);

/* A result is complete: adds its message to the unit. */
void hf_conn_result_complete(struct hf_conn *conn,
                             struct hf_unit *unit,
                             const PGresult *result);

/* Notes a command tag that is ROLLBACK: it may answer a COMMIT. */
void hf_conn_result_note_command(struct hf_unit *unit, PGresult *result);

/* After an error, drops the names that the server does not have any more. */
void hf_conn_result_drop_names(struct hf_conn *conn, struct hf_unit *unit);

/* Handles an error result; the first one of a unit is its error. */
void hf_conn_result_on_error(struct hf_conn *conn,
                             struct hf_unit *unit,
                             const PGresult *result);

/* Ends a COPY that the server has begun. */
void hf_conn_result_on_copy(struct hf_conn *conn,
                            struct hf_unit *unit,
                            ExecStatusType status);

#endif
