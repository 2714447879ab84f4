/* SPDX-License-Identifier: MIT */
/*
 * What the outside tells the pool: the answers to the operations of hf_pool_io,
 * each on a later turn of the engine's loop.
 *
 * Ownership: the slots are the pool's; a request is borrowed by the pool until
 * hf_pool_io.deliver.
 * Threads: the engine's thread only.
 */
#ifndef HF_CORE_POOL_EVENTS_H
#define HF_CORE_POOL_EVENTS_H

#include <stdint.h>

#include "core/pool/silence.h"
#include "core/pool/slot.h"

struct hf_error;
struct hf_pool;
struct hf_request;

void hf_pool_on_connected(struct hf_pool *pool,
                          struct hf_slot *slot,
                          uint64_t now_us);

/* Copies `error`. */
void hf_pool_on_connect_failed(struct hf_pool *pool,
                               struct hf_slot *slot,
                               const struct hf_error *error,
                               uint64_t now_us);

/*
 * The answer to `request` is complete: request->error says how it went,
 * `transaction` is the connection's status after ReadyForQuery (I, T or E),
 * and no cancel is under way any more.
 */
void hf_pool_on_finished(struct hf_pool *pool,
                         struct hf_request *request,
                         char transaction,
                         uint64_t now_us);

/* The rollback ended; the connection is clean. */
void hf_pool_on_checked(struct hf_pool *pool,
                        struct hf_slot *slot,
                        uint64_t now_us);

/* Ends hf_pool_io.prove. */
void hf_pool_on_proved(struct hf_pool *pool,
                       struct hf_slot *slot,
                       enum hf_proof proof,
                       uint64_t now_us);

/*
 * The connection died. Requests in flight fail: the oldest with `error`, or
 * with an error the engine already stored in it. Copies `error`.
 */
void hf_pool_on_lost(struct hf_pool *pool,
                     struct hf_slot *slot,
                     const struct hf_error *error,
                     uint64_t now_us);

void hf_pool_on_closed(struct hf_pool *pool,
                       struct hf_slot *slot,
                       uint64_t now_us);

/*
 * Answers hf_pool_io.probe of that slot. `server` tells those who answered
 * apart; 0 = not known.
 */
void hf_pool_on_probed(struct hf_pool *pool,
                       struct hf_slot *slot,
                       enum hf_finding finding,
                       uint64_t server,
                       uint64_t now_us);

#endif
