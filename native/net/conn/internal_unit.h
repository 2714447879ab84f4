/* SPDX-License-Identifier: MIT */
/*
 * Units of our own: the settings of a new connection and the proof that they
 * arrive, what is cleaned up, the ping, the proof that a connection may be
 * shared. Nothing of a user's is in flight meanwhile, and their answers are
 * read here.
 *
 * Ownership: borrows.
 * Threads: the engine's thread only.
 */
#ifndef HF_NET_CONN_INTERNAL_UNIT_H
#define HF_NET_CONN_INTERNAL_UNIT_H

#include "net/conn/conn_state.h"

/* Sends conn->internal_unit, with its text; false when libpq refused it. */
HF_NODISCARD bool hf_internal_unit_send(struct hf_conn *conn, const char *sql);

/* Sends the next unit of HF_INTERNAL_UNIT_PROVE; false as above. */
HF_NODISCARD bool hf_internal_unit_send_proof(struct hf_conn *conn);

/* Takes the next result of it; NULL = the end of one command's. Borrows. */
void hf_internal_unit_read(struct hf_conn *conn, PGresult *result);

#endif
