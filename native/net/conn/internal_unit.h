/* SPDX-License-Identifier: MIT */
/*
 * Units of our own: setting a new connection up, cleaning one up, pinging it,
 * proving that it may be shared. They run while no user's unit is in flight.
 *
 * Ownership: borrows.
 * Threads: the engine's thread only.
 */
#ifndef HF_NET_CONN_INTERNAL_UNIT_H
#define HF_NET_CONN_INTERNAL_UNIT_H

#include "net/conn/conn_state.h"

/* Sends conn->internal_unit, whose text is `sql`; false when libpq failed. */
HF_NODISCARD bool hf_internal_unit_send(struct hf_conn *conn, const char *sql);

/* Sends the next unit of HF_INTERNAL_UNIT_PROVE; false when libpq failed.
 */
HF_NODISCARD bool hf_internal_unit_send_proof(struct hf_conn *conn);

/* Handles its next result; NULL = the end of one command's results. */
void hf_internal_unit_read(struct hf_conn *conn, PGresult *result);

#endif
