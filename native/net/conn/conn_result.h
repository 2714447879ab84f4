/* SPDX-License-Identifier: MIT */
/*
 * What a result means for the unit that it answers. Part of conn_read.c, which
 * knows whose result comes next and what ends when.
 *
 * Ownership: borrows.
 * Threads: the engine's thread only.
 */
#ifndef HF_NET_CONN_CONN_RESULT_H
#define HF_NET_CONN_CONN_RESULT_H

#include <stdbool.h>

#include <libpq-fe.h>

#include "net/conn/conn_state.h"

/* Returns whether the answer has come to this step of the unit. */
bool hf_unit_is_at_step(const struct hf_unit *unit, enum hf_step step);

/* Returns whether it has come to the user's statement. */
bool hf_unit_is_at_execute(const struct hf_unit *unit);

/* A step other than the user's statement went well. */
void hf_conn_result_on_step(struct hf_unit *unit);

/*
 * The statement's answer cannot be kept: it fails with `status`, is cancelled,
 * and its connection ends.
 */
void hf_conn_result_give_up(struct hf_conn *conn,
                            struct hf_unit *unit,
                            enum hf_status status);

/* Encodes a result's rows; false when that ended the connection. */
bool hf_conn_result_add_rows(struct hf_conn *conn,
                             struct hf_unit *unit,
                             const PGresult *result);

/* A result is complete: makes its message. */
void hf_conn_result_complete(struct hf_conn *conn,
                             struct hf_unit *unit,
                             const PGresult *result);

/* Notes a ROLLBACK among the command tags: it may answer a COMMIT. */
void hf_conn_result_note_command(struct hf_unit *unit, PGresult *result);

/* The step that failed decides what the server still knows by name. */
void hf_conn_result_drop_names(struct hf_conn *conn, struct hf_unit *unit);

/* Takes an error result; the first one of a unit wins. */
void hf_conn_result_on_error(struct hf_conn *conn,
                             struct hf_unit *unit,
                             const PGresult *result);

/* Refuses a COPY that the server began. */
void hf_conn_result_on_copy(struct hf_conn *conn,
                            struct hf_unit *unit,
                            ExecStatusType status);

#endif
