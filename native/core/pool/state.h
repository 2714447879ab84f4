/* SPDX-License-Identifier: MIT */
/*
 * What a pool is made of, and what it asks of the outside: read and changed by
 * the modules of this folder, each of which decides one thing. Users of a pool
 * include pool.h.
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
 * The engine outside. No operation calls back into the pool; answers come as
 * events, later, from the engine's loop.
 */
struct hf_pool_io {
  void *ctx;

  /* Opens slot's connection: hf_pool_on_connected or _on_connect_failed. */
  void (*connect)(void *ctx, struct hf_slot *slot);

  /*
   * Somebody may want to prepare a new connection: returns the lease for that,
   * which the pool borrows as any other, or NULL.
   */
  struct hf_lease *(*begin_hook)(void *ctx, struct hf_slot *slot);

  /* Looks at an idle connection without waiting; false when it has died. */
  bool (*usable)(void *ctx, struct hf_slot *slot);

  /* Sends a request on slot: hf_pool_on_finished or hf_pool_on_lost. */
  void (*execute)(void *ctx, struct hf_slot *slot, struct hf_request *request);

  /*
   * Asks the server to cancel the one request in flight on slot. Comes again
   * while there is no answer; may be ignored when one is under way.
   */
  void (*cancel)(void *ctx, struct hf_slot *slot);

  /* Rolls slot's transaction back: hf_pool_on_checked or hf_pool_on_lost. */
  void (*rollback)(void *ctx, struct hf_slot *slot);

  /* Exchanges an empty message: hf_pool_on_checked or hf_pool_on_lost. */
  void (*ping)(void *ctx, struct hf_slot *slot);

  /* Drops slot's prepared statements: as ping. */
  /* As hf_slot.deallocate and hf_slot.restore_settings say. */
  void (*deallocate)(void *ctx, struct hf_slot *slot);

  /*
   * Puts another request, one that nobody reads, in the place of `request`:
   * the answer to what was sent is read and dropped. Returns it, NEW, settled
   * and an orphan; NULL when out of memory.
   */
  struct hf_request *(*replace)(void *ctx, struct hf_request *request);

  /*
   * Sends the first or the second unit of the proof that slot's connection
   * may be shared. The first one takes a moment on the server, and the second
   * is to reach it before the first is answered: hf_pool_on_proved.
   */
  void (*prove)(void *ctx, struct hf_slot *slot, enum hf_proof_step step);

  /*
   * Asks slot's server about the statement in flight: hf_pool_on_probed. False
   * when that could not be begun.
   */
  bool (*probe)(void *ctx, struct hf_slot *slot);

  /* Closes slot's connection, or stops opening it: hf_pool_on_closed. */
  void (*close)(void *ctx, struct hf_slot *slot);

  /*
   * A request is settled. DONE: the engine has it back, and answers the user
   * unless it was `settled` before. RUNNING: the user is answered early; the
   * request comes again when it is DONE.
   */
  void (*deliver)(void *ctx, struct hf_request *request);

  /* A lease that was released is over: its struct is the engine's again. */
  void (*released)(void *ctx, struct hf_lease *lease);

  /* Something a listener may want to know; `error` may be NULL. */
  void (*event)(void *ctx,
                struct hf_slot *slot,
                enum hf_event event,
                const struct hf_error *error);

  /* The pool is CLOSED: no slot is live and no request is left. */
  void (*closed)(void *ctx);

  uint32_t (*random)(void *ctx);
};

enum hf_pool_state {
  HF_POOL_STATE_OPEN,      /* takes requests and serves them */
  HF_POOL_STATE_SUSPENDED, /* takes requests and lets them wait */
  HF_POOL_STATE_DRAINING,  /* finishes what runs, refuses what comes */
  HF_POOL_STATE_CLOSED     /* no slot is live, no request left */
};

/* The last connect that failed while no connection lived. */
struct hf_outage {
  uint64_t begun_us;  /* the connect; 0 = none since one succeeded */
  uint64_t failed_us; /* when it had failed */
  bool transient;     /* the failure may be over in a moment */
};

struct hf_slot_block;

struct hf_pool {
  /* set at init; changed only by hf_pool_resize and hf_pool_configure */
  struct hf_config config;
  struct hf_slot_block *places; /* of connections, in blocks */
  int32_t n_slots;              /* places; config.max is the limit */

  /* set at init, read-only */
  struct hf_pool_io io;

  /* changed by the mover */
  enum hf_pool_state state;
  struct hf_list slots_in[HF_SLOT_STATES];

  /* changed by the pool */
  struct hf_list waiting;      /* requests WAITING, first in first out */
  struct hf_list requests;     /* every live request, any state but DONE */
  struct hf_list done;         /* requests to deliver at the end of the turn */
  struct hf_list ended_leases; /* leases to give back after those */
  struct hf_heap timers;       /* of requests, by time */
  struct hf_breaker breaker;
  struct hf_error connect_error; /* the last one, HF_OK when none */
  struct hf_outage outage;
  size_t hooks_running;   /* connections that are being prepared: also LEASED */
  uint64_t hook_refusals; /* calls that were refused as HF_HOOK_FAILED */
  uint64_t now_us;
  uint64_t drain_us; /* when draining turns into closing */
  uint64_t sweep_us; /* when connections are looked through next */
  uint64_t watch_us; /* the coarse beat of that while anything runs */
  uint32_t generation;
  uint32_t last_serial;
  uint64_t answered_us; /* when a query last succeeded and nothing has failed
                           since; else 0 */
  bool password_may_change;  /* set by the engine: a refused login may go well
                         the  next time, without anybody's doing */
  bool proxied;              /* the last connection opened was a pooler's */
  bool pooler_has_no_server; /* the pooler said that it has no server */
  bool ping_idle;            /* idle connections are to be pinged, this turn */
  bool misconfigured;        /* the last connect failed on this machine */
  uint32_t advice_given;     /* bits of hf_advice that were told */
  uint64_t queue_checked_us; /* the probe that the queue was held against
                            last */
  bool newer_wanted;         /* one new connection, to look for writes */
  uint32_t demoted_serial;   /* connections up to it may not write; 0 = none */
  uint64_t demoted_until_us; /* nobody takes writes, as far as is known */
  size_t waiting_for_newer;  /* waiting requests with `newer_than` */
  uint64_t shortest_us;      /* run of any statement so far */
  uint64_t followers_due_us; /* when a head may hold up others too long */
  bool wants_proof;          /* a read would share a connection, once proven */
  bool drops_units;          /* the path loses what is sent before an answer */
  int32_t lost_proofs;       /* connections lost while they were being proven */
  int32_t warm_target;       /* connections to open without demand */

  /* statistics */
  struct hf_stats stats;
};

/* Returns whether the pool is OPEN or SUSPENDED. */
bool hf_pool_takes_requests(const struct hf_pool *pool);

/* Returns whether what was asked for is still finished, and sent again. */
bool hf_pool_finishes(const struct hf_pool *pool);

/* Returns whether a free connection is of use to anybody. */
bool hf_pool_needs_connections(const struct hf_pool *pool);

/* Returns how many connections are live: open, and not on their way out. */
size_t hf_pool_live_count(const struct hf_pool *pool);

/* Returns whether any is. */
bool hf_pool_is_live(const struct hf_pool *pool);

/* Returns how many slots are in a state. */
size_t hf_pool_count(const struct hf_pool *pool, enum hf_slot_state state);

/* Writes what statistics show of the moment. */
void hf_pool_gauges(const struct hf_pool *pool, struct hf_gauges *out);

/* Shows it to other threads. */
void hf_pool_publish_gauges(struct hf_pool *pool);

/*
 * Returns whether a connect has failed that was begun at `since_us` or later,
 * with no connection alive and none opened since: an answer to whoever asked
 * then. A failure that may be over in a moment is one only when it has lasted
 * for most of a second.
 */
bool hf_pool_is_unreachable(const struct hf_pool *pool, uint64_t since_us);

/* Sets when a request's timer fires; UINT64_MAX = never. */
void hf_pool_set_timer(struct hf_pool *pool,
                       struct hf_request *request,
                       uint64_t at_us);

#endif
