/* SPDX-License-Identifier: MIT */
/*
 * What units are made of: statements of ours around the user's, the Sync at
 * the end, and their way to the socket. Whatever returns false ends the
 * connection: libpq refused it.
 *
 * Ownership: borrows.
 * Threads: the engine's thread only.
 */
#ifndef HF_NET_CONN_CONN_OUTPUT_H
#define HF_NET_CONN_CONN_OUTPUT_H

#include "net/conn/conn_state.h"

/* Notes what is sent next; its answer is told by that. */
static inline void hf_conn_add_step(struct hf_unit *unit, enum hf_step step) {
  unit->steps[unit->n_steps++] = step;
}

/* Enters or leaves pipeline mode, where that is not done. */
HF_NODISCARD bool hf_conn_enter_pipeline(struct hf_conn *conn);
HF_NODISCARD bool hf_conn_leave_pipeline(struct hf_conn *conn);

/* Adds a statement of ours to a unit. */
HF_NODISCARD bool hf_conn_send_step(struct hf_conn *conn,
                                    struct hf_unit *unit,
                                    enum hf_step step,
                                    const char *sql);

/* Ends a unit of the extended protocol. */
HF_NODISCARD bool hf_conn_send_sync(struct hf_conn *conn);

/* Sends one more statement of ours as part of a unit. */
HF_NODISCARD bool hf_conn_send_extra(struct hf_conn *conn,
                                     struct hf_unit *unit,
                                     const char *sql);

/* Joins the units of a turn into one packet, where libpq sends each. */
void hf_conn_cork(struct hf_conn *conn);

/* Hands libpq's output to the socket. */
HF_NODISCARD bool hf_conn_write(struct hf_conn *conn);

#endif
