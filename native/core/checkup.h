/* SPDX-License-Identifier: MIT */
/*
 * Check-ups: what a connection goes through before it is used again. Each has
 * a time limit; a connection that does not answer in it is given up.
 *
 * Ownership: borrows.
 * Threads: the engine's thread only. Part of the pool: may change its lists.
 */
#ifndef HF_CORE_CHECKUP_H
#define HF_CORE_CHECKUP_H

#include <stdbool.h>
#include <stdint.h>

struct hf_pool;
struct hf_slot;

enum hf_checkup {
  HF_CHECKUP_ROLLBACK, /* a user left a transaction open */
  HF_CHECKUP_PING,     /* time stood still for us: is it still there? */
  HF_CHECKUP_FORGET    /* its prepared statements are to go */
};

/* Takes a live slot with nothing in flight through a check-up. */
void hf_checkup_begin(struct hf_pool *pool,
                      struct hf_slot *slot,
                      enum hf_checkup checkup);

/* The check-up went well: the next one that is due, or free. */
void hf_checkup_end(struct hf_pool *pool, struct hf_slot *slot);

/* Pings all idle connections, in parallel. */
void hf_checkup_suspect_all(struct hf_pool *pool);

/*
 * Has every connection forget its prepared statements: idle ones now, the
 * others when they are free. Returns how many connections that concerns.
 */
int32_t hf_checkup_forget_all(struct hf_pool *pool);

/* Gives up connections whose check-up takes too long. */
void hf_checkup_sweep(struct hf_pool *pool);

/* Returns when hf_checkup_sweep is due, UINT64_MAX when never. */
uint64_t hf_checkup_next_us(const struct hf_pool *pool);

#endif
