/* SPDX-License-Identifier: MIT */
/*
 * Reading of answers: from libpq's results to finished units.
 *
 * Ownership: borrows.
 * Threads: the engine's thread only.
 */
#ifndef HF_NET_CONN_CONN_READ_H
#define HF_NET_CONN_CONN_READ_H

#include "net/conn/conn_state.h"

/* Reads what there is and settles what is complete. */
void hf_conn_read(struct hf_conn *conn);

#endif
