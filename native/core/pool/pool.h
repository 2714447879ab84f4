/* SPDX-License-Identifier: MIT */
/*
 * A pool: slots, a queue and the rules between them. Pure: the time is passed
 * in, hf_pool_io is all it knows of the outside, and results come back as
 * events (events.h).
 *
 * Ownership: the pool owns its slots and borrows requests between
 * hf_pool_submit and hf_pool_io.deliver, leases between grant and
 * hf_pool_io.released.
 * Threads: the engine's thread only; the statistics may be read from any.
 */
#ifndef HF_CORE_POOL_POOL_H
#define HF_CORE_POOL_POOL_H

#include "core/base/error.h"
#include "core/policy/config.h"
#include "core/pool/events.h"
#include "core/pool/lease.h"
#include "core/pool/request.h"
#include "core/pool/size.h"
#include "core/pool/slot.h"
#include "core/pool/state.h"
#include "holdfast.h"

/*
 * Initializes a pool. Copies `config` and `io`. Returns HF_OK or HF_NO_MEMORY.
 */
HF_NODISCARD enum hf_status hf_pool_init(struct hf_pool *pool,
                                         const struct hf_config *config,
                                         const struct hf_pool_io *io,
                                         uint64_t now_us);

/*
 * Frees a pool that is CLOSED or was never used. Accepts zeroed memory, and a
 * pool whose hf_pool_init failed.
 */
void hf_pool_finish(struct hf_pool *pool);

/* ---- from the user ------------------------------------------------------ */

/* Submits a request, which is borrowed until it is delivered. */
void hf_pool_submit(struct hf_pool *pool,
                    struct hf_request *request,
                    uint64_t now_us);

/* Aborts a request: one that waits ends now, one that runs is cancelled. */
void hf_pool_abort(struct hf_pool *pool,
                   struct hf_request *request,
                   uint64_t now_us);

/*
 * Releases a lease: at once, or when the statements submitted before have
 * ended, as `how` says. Then hf_pool_io.released is called. May be called again
 * to release it at once.
 */
void hf_pool_release(struct hf_pool *pool,
                     struct hf_lease *lease,
                     enum hf_release how,
                     uint64_t now_us);

/*
 * Ends an owner's waiting requests with HF_POOL_CLOSED. With `orphan`, nobody
 * reads the answers of what still runs: it is cancelled after a second.
 */
void hf_pool_drop_owner(struct hf_pool *pool,
                        const void *owner,
                        bool orphan,
                        uint64_t now_us);

/*
 * Calls `visit` for each request of an owner that is not DONE. `visit` must not
 * call the pool.
 */
void hf_pool_each_request(struct hf_pool *pool,
                          const void *owner,
                          void (*visit)(struct hf_request *request));

/* Opens connections, without demand, until `target` are live. */
void hf_pool_warm(struct hf_pool *pool, int32_t target, uint64_t now_us);

/*
 * Brings the next attempt to connect forward, for a caller that wants to know
 * now whether the server is back.
 */
void hf_pool_probe_soon(struct hf_pool *pool, uint64_t now_us);

/*
 * Closes, as soon as they are free, connections that were taken for direct ones
 * before a pooler was detected.
 */
void hf_pool_retire_direct(struct hf_pool *pool);

/*
 * Starts a new generation: every connection is replaced as soon as it is free.
 */
void hf_pool_reset(struct hf_pool *pool, uint64_t now_us);

/*
 * Closes idle connections and lets requests wait, for example during a
 * fail-over.
 */
void hf_pool_suspend(struct hf_pool *pool, uint64_t now_us);

/* Serves requests again after hf_pool_suspend(). */
void hf_pool_resume(struct hf_pool *pool, uint64_t now_us);

/*
 * Pings idle connections before they are used again. Called after the process
 * was suspended.
 */
void hf_pool_ping_idle(struct hf_pool *pool, uint64_t now_us);

/*
 * Deallocates the prepared statements of every connection; of busy ones when
 * they are free. Returns the number of connections.
 */
int32_t hf_pool_deallocate(struct hf_pool *pool, uint64_t now_us);

/*
 * Refuses new requests and finishes the others. After `drain_ms` waiting
 * requests are refused and running ones cancelled. The pool is CLOSED when
 * nothing is left.
 */
void hf_pool_end(struct hf_pool *pool, int32_t drain_ms, uint64_t now_us);

/*
 * Refuses an owner's waiting requests, cancels its running ones and takes its
 * leases away.
 */
void hf_pool_cut_owner(struct hf_pool *pool,
                       const void *owner,
                       uint64_t now_us);

/*
 * Changes the limit on connections. Above a lower limit connections are closed
 * as soon as they are free. HF_NO_MEMORY leaves the limit unchanged.
 */
HF_NODISCARD enum hf_status hf_pool_resize(struct hf_pool *pool,
                                           int32_t max,
                                           uint64_t now_us);

/* ---- time --------------------------------------------------------------- */

/*
 * Does what is due. Call it when hf_pool_next_us() says so; earlier calls are
 * harmless.
 */
void hf_pool_tick(struct hf_pool *pool, uint64_t now_us);

/* Returns when hf_pool_tick() is due next; UINT64_MAX = never. */
uint64_t hf_pool_next_us(const struct hf_pool *pool);

/* ---- options and checks -------------------------------------------------- */

/*
 * Changes an option that applies to the whole pool (HF_SCOPE_POOL). Returns
 * HF_OK, HF_NO_MEMORY, or HF_PARAM_INVALID with `error` filled in.
 */
HF_NODISCARD enum hf_status hf_pool_configure(struct hf_pool *pool,
                                              const char *name,
                                              const char *value,
                                              uint64_t now_us,
                                              struct hf_error *error);

/* Asserts every invariant; for tests. */
void hf_pool_assert(const struct hf_pool *pool);

#endif
