/* SPDX-License-Identifier: MIT */
/*
 * The pool: slots, a queue and the rules between them. Pure: time is handed
 * in, the outside is a handful of operations, and every answer of the outside
 * comes back as an event (events.h).
 *
 * Ownership: the pool owns its slots and borrows requests between
 * hf_pool_submit and hf_pool_io.deliver, leases between grant and
 * hf_pool_io.released.
 * Threads: the engine's thread only; the statistics may be read anywhere.
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

/* Prepares a pool. Copies `config`. HF_NO_MEMORY. */
HF_NODISCARD enum hf_status hf_pool_init(struct hf_pool *pool,
                                         const struct hf_config *config,
                                         const struct hf_pool_io *io,
                                         uint64_t now_us);

/* Frees a CLOSED pool, or one that was never used. */
void hf_pool_finish(struct hf_pool *pool);

/* ---- from the user ------------------------------------------------------ */

/* Borrows `request` until it is delivered. */
void hf_pool_submit(struct hf_pool *pool,
                    struct hf_request *request,
                    uint64_t now_us);

/* The user gave up on a request: waiting ends now, running is cancelled. */
void hf_pool_abort(struct hf_pool *pool,
                   struct hf_request *request,
                   uint64_t now_us);

/*
 * Gives a lease back, by its manner at once or when what it was given has
 * ended: then hf_pool_io.released is called. May be called again to hurry.
 */
void hf_pool_release(struct hf_pool *pool,
                     struct hf_lease *lease,
                     enum hf_release how,
                     uint64_t now_us);

/*
 * Drops everything of an owner: its waiting requests end as HF_POOL_CLOSED.
 * With `orphan`, nobody reads what still runs: it is cancelled after a second.
 */
void hf_pool_drop_owner(struct hf_pool *pool,
                        const void *owner,
                        bool orphan,
                        uint64_t now_us);

/* Opens connections until `target` are live, without demand. */
void hf_pool_warm(struct hf_pool *pool, int32_t target, uint64_t now_us);

/*
 * Brings the next attempt to connect forward, for a caller that does not wait
 * for it in peace.
 */
void hf_pool_probe_soon(struct hf_pool *pool, uint64_t now_us);

/*
 * A pooler was found on the way to the server: connections that were taken for
 * direct ones end when they are free.
 */
void hf_pool_retire_direct(struct hf_pool *pool);

/* Starts a new generation: every connection is replaced when it is free. */
void hf_pool_reset(struct hf_pool *pool, uint64_t now_us);

/* Closes what is idle and lets requests wait: for a fail-over, a freeze. */
void hf_pool_suspend(struct hf_pool *pool, uint64_t now_us);

/* Serves requests again. */
void hf_pool_resume(struct hf_pool *pool, uint64_t now_us);

/* Time stood still for the process: pings what is idle before it is used. */
void hf_pool_ping_idle(struct hf_pool *pool, uint64_t now_us);

/*
 * Drops the prepared statements of every connection, of busy ones when they
 * are free. Returns how many connections that concerns.
 */
int32_t hf_pool_deallocate(struct hf_pool *pool, uint64_t now_us);

/*
 * Refuses new work and finishes what was asked for before, but for `drain_ms`
 * at most: then waiting ends and what runs is cancelled. Closes when nothing
 * is left.
 */
void hf_pool_end(struct hf_pool *pool, int32_t drain_ms, uint64_t now_us);

/* Ends an owner's waiting, cancels what it runs and takes its leases away. */
void hf_pool_cut_owner(struct hf_pool *pool,
                       const void *owner,
                       uint64_t now_us);

/*
 * Changes how many connections there may be. With fewer, the surplus closes
 * as soon as it is free. HF_NO_MEMORY leaves the limit as it was.
 */
HF_NODISCARD enum hf_status hf_pool_resize(struct hf_pool *pool,
                                           int32_t max,
                                           uint64_t now_us);

/* ---- time --------------------------------------------------------------- */

/* Does what is due. */
void hf_pool_tick(struct hf_pool *pool, uint64_t now_us);

/* Returns when hf_pool_tick is due next, UINT64_MAX when never. */
uint64_t hf_pool_next_us(const struct hf_pool *pool);

/* ---- options and checks -------------------------------------------------- */

/*
 * Changes an option that concerns the pool as a whole (HF_SCOPE_POOL). Returns
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
