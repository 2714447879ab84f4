/* SPDX-License-Identifier: MIT */
/*
 * Preparing a new connection: before it serves anybody, whoever wants to gets
 * a lease on it. Released, it enters service; a lease that fails closes it,
 * and one call that waits is told.
 *
 * Ownership: borrows.
 * Threads: the engine's thread only. Part of the pool: may change its lists.
 */
#ifndef HF_CORE_POOL_CONNECT_HOOK_H
#define HF_CORE_POOL_CONNECT_HOOK_H

#include <stdbool.h>
#include <stdint.h>

struct hf_error;
struct hf_lease;
struct hf_pool;
struct hf_slot;

/*
 * Lends a connection that was just opened to whoever prepares it; false when
 * nobody wants to. The slot is moved by hf_connect_hook_enter.
 */
bool hf_connect_hook_begin(struct hf_pool *pool, struct hf_slot *slot);

/* Moves the slot: into the hands it was lent to, or into service. */
void hf_connect_hook_enter(struct hf_pool *pool, struct hf_slot *slot);

/* The lease is released well: the connection is counted as opened. */
void hf_connect_hook_succeed(struct hf_pool *pool, struct hf_lease *lease);

/*
 * The connection could not be prepared. When that is the fault
 * of who prepares it, a call that waits is refused.
 */
void hf_connect_hook_fail(struct hf_pool *pool,
                          struct hf_lease *lease,
                          struct hf_slot *slot,
                          bool theirs);

/* Returns whether preparing this connection takes longer than a connect may. */
bool hf_connect_hook_is_overdue(const struct hf_pool *pool,
                                const struct hf_slot *slot);

/* Blames whoever prepares it, and writes into `error` why it is lost. */
void hf_connect_hook_give_up(struct hf_pool *pool,
                             struct hf_slot *slot,
                             struct hf_error *error);

/* Returns when the first of them is overdue; UINT64_MAX = never. */
uint64_t hf_connect_hook_next_us(const struct hf_pool *pool);

#endif
