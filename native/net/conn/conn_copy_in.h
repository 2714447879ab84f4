/* SPDX-License-Identifier: MIT */
/*
 * COPY FROM STDIN: data of a writer go to the server, no more than the socket
 * takes, and what was sent is reported so that more may come. Before CopyDone
 * nothing is stored; CopyFail ends it without that.
 *
 * Ownership: borrows.
 * Threads: the engine's thread only.
 */
#ifndef HF_NET_CONN_CONN_COPY_IN_H
#define HF_NET_CONN_CONN_COPY_IN_H

#include <stdbool.h>
#include <stddef.h>

#include "net/conn/conn_state.h"

/* Adds data to be sent, a copy; `last`: nothing follows. False = no memory. */
HF_NODISCARD bool hf_conn_copy_add(struct hf_unit *unit,
                                   const char *bytes,
                                   size_t n,
                                   bool last);

/* Sends what there is as far as the socket has room, and CopyDone at the end.
 */
void hf_conn_copy_pump(struct hf_conn *conn);

/*
 * Gives the COPY in flight up by CopyFail. Returns false when that does not
 * help: there is none, or it was sent before.
 */
bool hf_conn_copy_fail(struct hf_conn *conn);

/*
 * To be called before the socket is read: an error of the server ends a COPY,
 * and libpq does not report one before the end of the data.
 */
void hf_conn_copy_look(struct hf_conn *conn);

#endif
