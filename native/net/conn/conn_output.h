/* SPDX-License-Identifier: MIT */
/*
 * Sending: the steps of a unit, its Sync, and writing to the socket. False
 * means that libpq failed: the caller fails the connection.
 *
 * Ownership: borrows.
 * Threads: the engine's thread only.
 */
#ifndef HF_NET_CONN_CONN_OUTPUT_H
#define HF_NET_CONN_CONN_OUTPUT_H

#include "net/conn/conn_state.h"

/* Notes what is sent next: the answers come in that order. */
static inline void hf_conn_add_step(struct hf_unit *unit, enum hf_step step) {
  unit->steps[unit->n_steps++] = step;
}

/* Enters or leaves pipeline mode. Does nothing when that is done. */
HF_NODISCARD bool hf_conn_enter_pipeline(struct hf_conn *conn);
HF_NODISCARD bool hf_conn_leave_pipeline(struct hf_conn *conn);

/* Sends a statement of our own as a step of the unit. */
HF_NODISCARD bool hf_conn_send_step(struct hf_conn *conn,
                                    struct hf_unit *unit,
                                    enum hf_step step,
                                    const char *sql);

/* Sends the Sync that ends a unit of the extended protocol. */
HF_NODISCARD bool hf_conn_send_sync(struct hf_conn *conn);

/* Sends one more statement of our own, whose end is the unit's new end. */
HF_NODISCARD bool hf_conn_send_extra(struct hf_conn *conn,
                                     struct hf_unit *unit,
                                     const char *sql);

/* Collects the units of a turn in one packet, where libpq would not. */
void hf_conn_cork(struct hf_conn *conn);

/* Writes libpq's output to the socket. */
HF_NODISCARD bool hf_conn_write(struct hf_conn *conn);

#endif
