/* SPDX-License-Identifier: MIT */
/*
 * The data of a pool, and the operations it needs from the outside. Read and
 * changed by the modules of this folder; users of a pool include pool.h.
 *
 *              end()            last slot empty
 *     OPEN ----------> DRAINING --------------> CLOSED
 *      ^ | suspend()       ^
 *      | v                 | end()
 *     SUSPENDED -----------+
 *
 * Ownership: the pool owns its slots and borrows requests between
 * hf_pool_submit and hf_pool_io.deliver, leases between grant and
 * hf_pool_io.released.
 * Threads: the engine's thread only; the statistics may be read anywhere.
 */
#ifndef HF_CORE_POOL_STATE_H
#define HF_CORE_POOL_STATE_H

#include "core/base/error.h"
#include "core/base/heap.h"
#include "core/base/list.h"
#include "core/base/stats.h"
#include "core/policy/breaker.h"
#include "core/policy/config.h"
#include "core/pool/request.h"
#include "core/pool/slot.h"
#include "holdfast.h"

struct hf_lease;

/*
 * The operations that the engine provides. None calls back into the pool;
 * results arrive later, from the engine's loop, as events (events.h).
 */
struct hf_pool_io {
  void *ctx;

  /* Opens a connection: hf_pool_on_connected or hf_pool_on_connect_failed. */
  void (*connect)(void *ctx, struct hf_slot *slot);

  /*
   * Begins the onConnect hook: returns its lease, which the pool borrows as any
   * other, or NULL when there is no hook.
   */
  struct hf_lease *(*begin_hook)(void *ctx, struct hf_slot *slot);

  /*
   * Checks an idle connection without waiting; returns false when it is closed.
   */
  bool (*usable)(void *ctx, struct hf_slot *slot);

  /* Sends a request: hf_pool_on_finished or hf_pool_on_lost. */
  void (*execute)(void *ctx, struct hf_slot *slot, struct hf_request *request);

  /*
   * Sends a cancel request for the only request in flight. May be called again
   * while there is no answer, and may be ignored when a cancel is under way.
   */
  void (*cancel)(void *ctx, struct hf_slot *slot);

  /* Drops the rows that the stream in flight still brings. */
  void (*skip)(void *ctx, struct hf_slot *slot);

  /* Rolls back: hf_pool_on_checked or hf_pool_on_lost. */
  void (*rollback)(void *ctx, struct hf_slot *slot);

  /* Pings the server: hf_pool_on_checked or hf_pool_on_lost. */
  void (*ping)(void *ctx, struct hf_slot *slot);

  /*
   * Drops prepared statements and restores settings, as hf_slot.deallocate and
   * hf_slot.restore_settings say: hf_pool_on_checked or hf_pool_on_lost.
   */
  void (*deallocate)(void *ctx, struct hf_slot *slot);

  /*
   * Makes a request that nobody reads take the place of `request` on its
   * connection: the answer to what was sent is read and dropped. Returns it as
   * NEW, settled and orphan, or NULL when out of memory.
   */
  struct hf_request *(*replace)(void *ctx, struct hf_request *request);

  /*
   * Sends one of the two units of the proof that a connection may be shared.
   * The first takes a moment on the server; the second must reach it before the
   * first is answered. Ends with hf_pool_on_proved.
   */
  void (*prove)(void *ctx, struct hf_slot *slot, enum hf_proof_step step);

  /*
   * Asks the server about the statement in flight, by another connection:
   * hf_pool_on_probed. Returns false when that could not be started.
   */
  bool (*probe)(void *ctx, struct hf_slot *slot);

  /* Closes the connection, or stops opening it: hf_pool_on_closed. */
  void (*close)(void *ctx, struct hf_slot *slot);

  /*
   * Delivers a settled request. DONE: it belongs to the engine again, which
   * answers the user unless it was `settled` before. RUNNING: the user is
   * answered early; the request is delivered again when it is DONE.
   */
  void (*deliver)(void *ctx, struct hf_request *request);

  /* Returns a released lease to the engine. */
  void (*released)(void *ctx, struct hf_lease *lease);

  /* Reports an event to whoever listens; `error` may be NULL. */
  void (*event)(void *ctx,
                struct hf_slot *slot,
                enum hf_event event,
                const struct hf_error *error);

  /* The pool is CLOSED: no slot is live and no request is left. */
  void (*closed)(void *ctx);

  uint32_t (*random)(void *ctx);
};

enum hf_pool_state {
  HF_POOL_STATE_OPEN,      /* accepts and serves requests */
  HF_POOL_STATE_SUSPENDED, /* accepts requests and lets them wait */
  HF_POOL_STATE_DRAINING,  /* refuses requests, finishes the others */
  HF_POOL_STATE_CLOSED     /* no slot is live, no request left */
};

/* The last connect that failed while no connection was live. */
struct hf_outage {
  uint64_t begun_us;  /* start of the connect; 0 = none since one succeeded */
  uint64_t failed_us; /* when it failed */
  bool transient;     /* the failure may pass in a moment */
};

struct hf_slot_block;

struct hf_pool {
  /* set at init; changed only by hf_pool_resize and hf_pool_configure */
  struct hf_config config;
  struct hf_slot_block *places; /* slots, in blocks */
  int32_t n_slots;              /* slots in all; config.max is the limit */

  /* set at init, read-only */
  struct hf_pool_io io;

  /* changed by the mover */
  enum hf_pool_state state;
  struct hf_list slots_in[HF_SLOT_STATES];

  /* changed by the pool */
  struct hf_list waiting;      /* WAITING requests, first in first out */
  struct hf_list requests;     /* every request that is not DONE */
  struct hf_list done;         /* requests to deliver at the end of the turn */
  struct hf_list ended_leases; /* leases to return after those */
  struct hf_heap timers;       /* of requests */
  struct hf_breaker breaker;
  struct hf_error connect_error; /* the last connect error; HF_OK = none */
  struct hf_outage outage;
  size_t hooks_running;   /* onConnect hooks that run; their slots are LEASED */
  uint64_t hook_refusals; /* calls refused with HF_HOOK_FAILED */
  uint64_t now_us;
  uint64_t drain_us; /* when draining is cut short */
  uint64_t sweep_us; /* when connections are checked next */
  uint64_t watch_us; /* next check because connections are live */
  uint32_t generation;
  uint32_t last_serial;
  uint64_t answered_us;     /* when a query last succeeded, 0 if something has
                               failed since */
  bool password_may_change; /* set by the engine: the password comes from a
                               function, so that a refused login may succeed
                               next time */
  bool proxied; /* the last connection opened goes through a pooler */
  bool pooler_has_no_server; /* the pooler has reported that it has no server */
  bool ping_idle;            /* ping idle connections at the end of this turn */
  bool misconfigured; /* the last connect failed because of our own settings */
  uint32_t advice_given;     /* bits of the hf_advice given */
  uint64_t queue_checked_us; /* the time of the next connect that the queue was
                                last checked against */
  bool newer_wanted; /* open one new connection, to look for a server that takes
                        writes */
  uint32_t demoted_serial; /* connections up to this serial may refuse writes; 0
                              = none */
  uint64_t demoted_until_us; /* no server takes writes until then, as far as is
                                known */
  size_t waiting_for_newer;  /* waiting requests with `newer_than` */
  uint64_t shortest_us;      /* shortest run of any statement so far */
  uint64_t followers_due_us; /* when the next head holds up its followers for
                                too long */
  bool wants_proof;    /* a read would share a connection if it were proven */
  bool drops_units;    /* the path drops what is sent before an answer */
  int32_t lost_proofs; /* connections lost during their proof */
  int32_t warm_target; /* connections to keep open without demand */

  /* statistics */
  struct hf_stats stats;
};

/* Returns true when the pool accepts requests: OPEN or SUSPENDED. */
bool hf_pool_takes_requests(const struct hf_pool *pool);

/* Returns true while submitted requests are still finished and retried. */
bool hf_pool_finishes(const struct hf_pool *pool);

/*
 * Returns true when a free connection is of use: the pool is OPEN, or it drains
 * and requests wait.
 */
bool hf_pool_needs_connections(const struct hf_pool *pool);

/* Returns the number of live connections: open and not being closed. */
size_t hf_pool_live_count(const struct hf_pool *pool);

/* Returns true when a connection is live. */
bool hf_pool_is_live(const struct hf_pool *pool);

/* Returns the number of slots in a state. */
size_t hf_pool_count(const struct hf_pool *pool, enum hf_slot_state state);

/* Writes the current gauges. */
void hf_pool_gauges(const struct hf_pool *pool, struct hf_gauges *out);

/* Shows it to other threads. */
void hf_pool_publish_gauges(struct hf_pool *pool);

/*
 * Returns true when a connect that began at `since_us` or later has failed, no
 * connection is live and none was opened since: the answer for whoever asked at
 * `since_us`. A transient failure counts only after it has lasted for most of a
 * second.
 */
bool hf_pool_is_unreachable(const struct hf_pool *pool, uint64_t since_us);

/*
 * Returns true when a call submitted now would only wait: the pool is
 * suspended, or it has no connection and its breaker is not closed.
 */
bool hf_pool_is_unavailable(const struct hf_pool *pool);

/* Sets a request's timer; UINT64_MAX = none. */
void hf_pool_set_timer(struct hf_pool *pool,
                       struct hf_request *request,
                       uint64_t at_us);

#endif
