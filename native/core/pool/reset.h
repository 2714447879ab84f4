/* SPDX-License-Identifier: MIT */
/*
 * What a connection goes through before it is used again. Each reset has a time
 * limit; a connection that does not answer in time is given up.
 *
 * Answers are matched to requests by order alone. If something on the path
 * drops what arrives while an answer is outstanding, later answers reach the
 * wrong call. So a connection is shared only after a proof: two units of our
 * own, the second sent while the first runs, answered in order. The proof is
 * made when sharing would first help; if it fails the pool never shares.
 *
 * Ownership: borrows.
 * Threads: the engine's thread only. Part of the pool: may change its lists.
 */
#ifndef HF_CORE_POOL_RESET_H
#define HF_CORE_POOL_RESET_H

#include <stdbool.h>
#include <stdint.h>

#include "core/pool/slot.h"

struct hf_pool;
struct hf_request;

enum hf_reset {
  HF_RESET_ROLLBACK, /* a transaction was left open */
  HF_RESET_PING, /* the process was suspended, or the server is in doubt: is it
                    still there? */
  HF_RESET_DEALLOCATE, /* drop its prepared statements, or all it has */
  HF_RESET_PROVE       /* find out whether it may be shared */
};

/*
 * A statement of a request has ended: notes whether it may have left something
 * in the session that is to be reset before somebody else gets it.
 */
void hf_reset_note_session(const struct hf_pool *pool,
                           const struct hf_request *request);

/* The same for the end of a lease. */
void hf_reset_note_release(const struct hf_pool *pool, struct hf_slot *slot);

/*
 * Returns true when HF_RESET_DEALLOCATE is due before the next user. A session
 * that the user's onConnect has prepared is not reset, which would undo that:
 * the connection is retired, to be closed when it is free.
 */
bool hf_reset_is_due(struct hf_slot *slot);

/* Begins a reset of a live slot that has nothing in flight. */
void hf_reset_begin(struct hf_pool *pool,
                    struct hf_slot *slot,
                    enum hf_reset kind);

/* The reset succeeded: begins the next one that is due, or frees the slot. */
void hf_reset_end(struct hf_pool *pool, struct hf_slot *slot);

/* The proof ended. With HF_PROOF_FAILED the connection is closed. */
void hf_reset_proved(struct hf_pool *pool,
                     struct hf_slot *slot,
                     enum hf_proof proof);

/*
 * Notes the loss of a connection: a path that drops units may be the reason if
 * it was being proven.
 */
void hf_reset_lost(struct hf_pool *pool, struct hf_slot *slot);

/* Returns true when this free connection should be proven now. */
bool hf_reset_may_prove(const struct hf_pool *pool, const struct hf_slot *slot);

/* Pings all idle connections, in parallel. */
void hf_reset_ping_idle(struct hf_pool *pool);

/*
 * Has every connection deallocate its prepared statements: idle ones now,
 * others when they are free. Returns the number of connections.
 */
int32_t hf_reset_deallocate_all(struct hf_pool *pool);

/*
 * The time limit of a reset is over. A proof goes on to its second unit, or
 * fails. Returns false for any other reset: the connection does not answer.
 */
bool hf_reset_time_out(struct hf_pool *pool, struct hf_slot *slot);

/* Returns when the next reset times out; UINT64_MAX = never. */
uint64_t hf_reset_next_us(const struct hf_pool *pool);

#endif
