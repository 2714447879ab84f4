/* SPDX-License-Identifier: MIT */
/*
 * A lease: one user's exclusive hold on a connection, from acquire to release.
 * Its statements run strictly in call order, one at a time, and each fails
 * alone. When the connection dies the lease outlives it, remembers the first
 * error and answers with it until it is released. A release takes effect when
 * the statements given before it have ended. A statement that ends the
 * transaction (request.end) is the last one: it is released with it.
 *
 * Ownership: allocated by the engine with the acquire request; the pool borrows
 * it from grant to hf_pool_io.released.
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
  HF_RELEASE_KEEP,  /* release(): after what was given before it, cleaned */
  HF_RELEASE_CLOSE, /* release(true): close the connection now */
  HF_RELEASE_FAIL,  /* the same: what was to prepare it has failed */
  HF_RELEASE_CUT    /* nobody reads the answers: now, closed if it is busy */
};

struct hf_lease {
  void *owner;
  struct hf_slot *slot;   /* NULL before the grant and after a loss */
  struct hf_list waiting; /* statements not yet sent */
  struct hf_error loss;   /* why slot is gone, and what that means for
                             later statements; HF_OK while it is there */
  uint64_t granted_us;
  char transaction;        /* I, T or E, as the user was told last */
  bool wrote;              /* the open transaction may have written */
  bool runs_hook;          /* prepares a connection that is new */
  bool hook_timed_out;     /* it took too long over that */
  bool released;           /* takes no more statements */
  enum hf_release release; /* it was released */
  struct hf_link ending;   /* on the pool's list of leases that are over */
};

void hf_lease_init(struct hf_lease *lease, void *owner);

/* Frees what the lease owns. It must have been released or never granted. */
void hf_lease_finish(struct hf_lease *lease);

/*
 * Notes what the user is told of a statement: the HF_COMMAND_* bits of its
 * command, 0 of one that failed, and the transaction status after it, 0 where
 * it is not known. Returns whether something may be durable by now that was
 * not before.
 */
bool hf_lease_note_result(struct hf_lease *lease,
                          int32_t effects,
                          char transaction);

/* ---- for the pool's own modules ----------------------------------------- */

/* Gives an idle slot to the request's lease and settles the request. */
void hf_lease_grant(struct hf_pool *pool,
                    struct hf_request *request,
                    struct hf_slot *slot);

/* Settles a statement of a lease without a connection: the first error answers.
 */
void hf_lease_refuse(struct hf_pool *pool, struct hf_request *request);

/* The engine has the lease back at the end of the turn, after its last answers.
 */
void hf_lease_end(struct hf_pool *pool, struct hf_lease *lease);

/*
 * Takes the dead slot away; fails what waited. `error` is the answer of the
 * statement that was in flight, or the loss itself when there was none.
 */
void hf_lease_lose(struct hf_pool *pool,
                   struct hf_lease *lease,
                   const struct hf_error *error);

#endif
