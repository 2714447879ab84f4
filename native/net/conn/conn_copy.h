/* SPDX-License-Identifier: MIT */
/*
 * COPY whose data go over the connection. It is sent by the simple protocol: in
 * pipeline mode libpq refuses it, and what is sent behind it in the extended
 * protocol, a Sync, confuses poolers. Settings stand in front of it in the same
 * text, which makes them one transaction.
 *
 * Ownership: borrows.
 * Threads: the engine's thread only.
 */
#ifndef HF_NET_CONN_CONN_COPY_H
#define HF_NET_CONN_CONN_COPY_H

#include <stdbool.h>
#include <stdint.h>

#include <libpq-fe.h>

#include "net/conn/conn_state.h"

/* Sends the statement, with what belongs around it. */
HF_NODISCARD bool hf_conn_copy_send(struct hf_conn *conn, struct hf_unit *unit);

/* Returns whether a result is that of a statement around it. */
bool hf_conn_copy_is_own(const struct hf_unit *unit, const PGresult *result);

/*
 * The server has begun: data may go. Returns false when it is not what the unit
 * is for.
 */
bool hf_conn_copy_begin(struct hf_conn *conn,
                        struct hf_unit *unit,
                        ExecStatusType status);

/* Returns the position in the user's text of one in the text that was sent. */
int32_t hf_conn_copy_position(const struct hf_unit *unit, int32_t position);

#endif
