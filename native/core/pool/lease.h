/* SPDX-License-Identifier: MIT */
/*
 * A lease: one user's exclusive use of a connection, from acquire to release.
 * Its statements run in call order, one at a time, and fail independently of
 * each other. When the connection is lost the lease survives: it keeps the
 * first error and answers every later statement with it. A release takes effect
 * when the statements submitted before it have ended. A statement that ends the
 * transaction (request.end) is the last one: the lease is released with it.
 *
 * Ownership: allocated by the engine with the acquire request; the pool borrows
 * it from the grant until hf_pool_io.released.
 * Threads: the engine's thread only.
 */
#ifndef HF_CORE_POOL_LEASE_H
#define HF_CORE_POOL_LEASE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/error.h"
#include "core/base/list.h"

struct hf_pool;
struct hf_request;
struct hf_slot;

enum hf_release {
  HF_RELEASE_KEEP,  /* release(): once earlier statements have ended; the
                       connection is cleaned */
  HF_RELEASE_CLOSE, /* release(true): close the connection now */
  HF_RELEASE_FAIL,  /* the same, because the onConnect hook failed */
  HF_RELEASE_CUT /* nobody reads the answers: release now, close the connection
                    if it is busy */
};

struct hf_lease {
  void *owner;
  struct hf_slot *slot;   /* NULL before the grant and after a loss */
  struct hf_list waiting; /* statements not yet sent */
  struct hf_error loss;   /* why `slot` is gone, and what that means for later
                             statements; HF_OK while it is there */
  uint64_t granted_us;
  char transaction;        /* I, T or E, as last reported to the user */
  bool wrote;              /* the open transaction may have written */
  bool runs_hook;          /* it is the onConnect hook's */
  bool hook_timed_out;     /* the hook did not settle in time */
  bool released;           /* takes no more statements */
  enum hf_release release; /* how it was released */
  struct hf_link ending;   /* on the pool's list of ended leases */
};

void hf_lease_init(struct hf_lease *lease, void *owner);

/* Frees what the lease owns. It must have been released, or never granted. */
void hf_lease_finish(struct hf_lease *lease);

/*
 * Notes the result of a statement as the user sees it: the HF_COMMAND_* bits of
 * its command, 0 when it failed, and the transaction status after it, 0 when
 * unknown. Returns true when something may have become durable.
 */
bool hf_lease_note_result(struct hf_lease *lease,
                          int32_t effects,
                          char transaction);

/* ---- for the pool's own modules ----------------------------------------- */

/* Assigns an idle slot to the request's lease and settles the request. */
void hf_lease_grant(struct hf_pool *pool,
                    struct hf_request *request,
                    struct hf_slot *slot);

/*
 * Settles a statement of a lease that has no connection, with the lease's
 * error.
 */
void hf_lease_refuse(struct hf_pool *pool, struct hf_request *request);

/*
 * Returns the lease to the engine at the end of the turn, after its last
 * answers.
 */
void hf_lease_end(struct hf_pool *pool, struct hf_lease *lease);

/*
 * Detaches the lease from its lost connection and fails what waits. `error` is
 * the answer of the statement that was in flight, or the loss itself when there
 * was none.
 */
void hf_lease_lose(struct hf_pool *pool,
                   struct hf_lease *lease,
                   const struct hf_error *error);

#endif
