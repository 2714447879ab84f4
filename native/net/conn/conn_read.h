/* SPDX-License-Identifier: MIT */
/*
 * Reads answers: from libpq's results to finished units.
 *
 * Ownership: borrows.
 * Threads: the engine's thread only.
 */
#ifndef HF_NET_CONN_CONN_READ_H
#define HF_NET_CONN_CONN_READ_H

#include "net/conn/conn_state.h"

/* Reads what the socket has, and finishes the units that are complete. */
void hf_conn_read(struct hf_conn *conn);

/* The same after a pause: what was read before it comes first. */
void hf_conn_read_on(struct hf_conn *conn);

#endif
