/* SPDX-License-Identifier: MIT */
/*
 * Statements that must not write: declared readOnly, or reads that are repeated
 * after an attempt that may have run. The server refuses their writes.
 *
 * Outside a transaction the unit sets transaction_read_only for itself. A
 * pooler may break a unit into several transactions, and then the setting would
 * not reach the statement; BEGIN prevents that. Where it is proven that a unit
 * is one transaction (hf_slot.unit_is_transaction) the setting alone is enough.
 * Within a transaction a savepoint confines it.
 *
 * Ownership: borrows.
 * Threads: the engine's thread only.
 */
#ifndef HF_NET_CONN_READ_ONLY_H
#define HF_NET_CONN_READ_ONLY_H

#include "net/conn/conn_state.h"

/* Sends what precedes the statement; false when libpq failed. */
HF_NODISCARD bool hf_read_only_send_before(struct hf_conn *conn,
                                           struct hf_unit *unit);

/* Sends what follows it; false when libpq failed. */
HF_NODISCARD bool hf_read_only_send_after(struct hf_conn *conn,
                                          struct hf_unit *unit);

/* Notes an error that is about what was sent around the statement. */
void hf_read_only_on_error(struct hf_conn *conn, struct hf_unit *unit);

/*
 * After a failed unit, sends what rolls back to the state before it. Returns
 * whether it did: the unit is complete when that is answered.
 */
bool hf_read_only_undo(struct hf_conn *conn, struct hf_unit *unit);

#endif
