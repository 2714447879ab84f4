/* SPDX-License-Identifier: MIT */
/*
 * Statements that must not write: declared so, or reads that go again after
 * an attempt that may have been done. The server refuses what they write.
 *
 * Outside a transaction the unit sets transaction_read_only for itself. What
 * sits between us and the server may break the unit into several
 * transactions, so that the setting would miss the statement; BEGIN holds them
 * together. Only where it is proven that a flight stays whole (hf_slot.whole)
 * the setting alone is enough. Within a transaction a savepoint confines it.
 *
 * Ownership: borrows.
 * Threads: the engine's thread only.
 */
#ifndef HF_NET_CONN_READ_ONLY_H
#define HF_NET_CONN_READ_ONLY_H

#include "net/conn/conn_state.h"

/* Sends what stands before the statement; false when libpq refused it. */
HF_NODISCARD bool hf_read_only_send_before(struct hf_conn *conn,
                                           struct hf_unit *unit);

/* Sends what stands behind it; false as above. */
HF_NODISCARD bool hf_read_only_send_after(struct hf_conn *conn,
                                          struct hf_unit *unit);

/* Looks at an error: is it about what was put around the statement? */
void hf_read_only_on_error(struct hf_conn *conn, struct hf_unit *unit);

/*
 * The unit failed inside what was put around it: sends what undoes that, so
 * that the transaction is as it was before. Returns true when an answer is
 * still to come.
 */
bool hf_read_only_undo(struct hf_conn *conn, struct hf_unit *unit);

#endif
