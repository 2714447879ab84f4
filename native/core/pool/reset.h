/* SPDX-License-Identifier: MIT */
/*
 * Check-ups: what a connection goes through before it is used again. Each has
 * a time limit; a connection that does not answer in it is given up.
 *
 * Answers are told apart by their order alone. Something in between that drops
 * what arrives while an answer is due gives later answers to the wrong call.
 * So a connection is shared only after two units of our own, the second sent
 * while the first ran, came back in order. It is proven when sharing would
 * help for the first time; where it fails the pool never shares.
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

enum hf_reset {
  HF_RESET_ROLLBACK,   /* a user left a transaction open */
  HF_RESET_PING,       /* time stood still for us: is it still there? */
  HF_RESET_DEALLOCATE, /* its prepared statements are to go */
  HF_RESET_PROVE       /* may it be shared? */
};

/* Takes a live slot with nothing in flight through a check-up. */
void hf_reset_begin(struct hf_pool *pool,
                    struct hf_slot *slot,
                    enum hf_reset kind);

/* The check-up went well: the next one that is due, or free. */
void hf_reset_end(struct hf_pool *pool, struct hf_slot *slot);

/* The proof ended; with HF_PROOF_FAILED the connection does, too. */
void hf_reset_proved(struct hf_pool *pool,
                     struct hf_slot *slot,
                     enum hf_proof proof);

/* The connection was lost; if in its proof, that may be why. */
void hf_reset_lost(struct hf_pool *pool, struct hf_slot *slot);

/* Returns whether this free connection should be proven now. */
bool hf_reset_may_prove(const struct hf_pool *pool, const struct hf_slot *slot);

/* Pings all idle connections, in parallel. */
void hf_reset_ping_idle(struct hf_pool *pool);

/*
 * Has every connection forget its prepared statements: idle ones now, the
 * others when they are free. Returns how many connections that concerns.
 */
int32_t hf_reset_deallocate_all(struct hf_pool *pool);

/*
 * The time of a check-up is over. A proof goes on to its second unit, or fails;
 * returns false for any other: the connection does not answer.
 */
bool hf_reset_time_out(struct hf_pool *pool, struct hf_slot *slot);

/* Returns when the first check-up's time is over, UINT64_MAX when never. */
uint64_t hf_reset_next_us(const struct hf_pool *pool);

#endif
