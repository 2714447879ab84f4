/* SPDX-License-Identifier: MIT */
/*
 * The onConnect hook: a new connection is leased to whoever prepares it before
 * it serves anybody. When that lease is released the connection enters service;
 * when it fails the connection is closed and one waiting call is refused.
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
 * Leases a new connection to the hook. Returns false when there is no hook.
 * hf_connect_hook_enter() moves the slot.
 */
bool hf_connect_hook_begin(struct hf_pool *pool, struct hf_slot *slot);

/*
 * Moves a new connection on: to LEASED when a hook prepares it, else to IDLE.
 */
void hf_connect_hook_enter(struct hf_pool *pool, struct hf_slot *slot);

/* The hook succeeded: counts the connection as opened. */
void hf_connect_hook_succeed(struct hf_pool *pool, struct hf_lease *lease);

/*
 * The hook failed. With `theirs` the hook itself is at fault, and one waiting
 * call is refused with HF_HOOK_FAILED.
 */
void hf_connect_hook_fail(struct hf_pool *pool,
                          struct hf_lease *lease,
                          struct hf_slot *slot,
                          bool theirs);

/* Returns true when the hook has taken longer than connectTimeoutMillis. */
bool hf_connect_hook_is_overdue(const struct hf_pool *pool,
                                const struct hf_slot *slot);

/* Marks the hook as timed out and fills in `error` accordingly. */
void hf_connect_hook_give_up(struct hf_pool *pool,
                             struct hf_slot *slot,
                             struct hf_error *error);

/* Returns when the next hook times out; UINT64_MAX = never. */
uint64_t hf_connect_hook_next_us(const struct hf_pool *pool);

#endif
