/* SPDX-License-Identifier: MIT */
/*
 * Events of the outside: how the operations of hf_pool_io ended. Each arrives
 * on a later turn of the engine's loop than the operation.
 *
 * Ownership: slots belong to the pool; a request is borrowed until
 * hf_pool_io.deliver. Errors are copied.
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

/* Ends hf_pool_io.connect without a connection. Copies `error`. */
void hf_pool_on_connect_failed(struct hf_pool *pool,
                               struct hf_slot *slot,
                               const struct hf_error *error,
                               uint64_t now_us);

/*
 * Ends hf_pool_io.execute. The answer is complete: request->error says how it
 * went, `transaction` is the status in ReadyForQuery (I, T or E), and no cancel
 * request is under way.
 */
void hf_pool_on_finished(struct hf_pool *pool,
                         struct hf_request *request,
                         char transaction,
                         uint64_t now_us);

/* Ends hf_pool_io.rollback, ping and deallocate: the connection is clean. */
void hf_pool_on_checked(struct hf_pool *pool,
                        struct hf_slot *slot,
                        uint64_t now_us);

/* Ends hf_pool_io.prove. */
void hf_pool_on_proved(struct hf_pool *pool,
                       struct hf_slot *slot,
                       enum hf_proof proof,
                       uint64_t now_us);

/*
 * The connection was lost. Requests in flight fail: the oldest with `error`, or
 * with an error that the engine has stored in it already. Copies `error`.
 */
void hf_pool_on_lost(struct hf_pool *pool,
                     struct hf_slot *slot,
                     const struct hf_error *error,
                     uint64_t now_us);

void hf_pool_on_closed(struct hf_pool *pool,
                       struct hf_slot *slot,
                       uint64_t now_us);

/*
 * Ends hf_pool_io.probe. `server` identifies the server that answered; 0 =
 * unknown.
 */
void hf_pool_on_probed(struct hf_pool *pool,
                       struct hf_slot *slot,
                       enum hf_finding finding,
                       uint64_t server,
                       uint64_t now_us);

#endif
