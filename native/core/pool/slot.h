/* SPDX-License-Identifier: MIT */
/*
 * A slot: room for one connection of a pool. The pool has a list of slots for
 * each state, and a slot is on the list of its state: counts are list lengths.
 *
 *            connect           connected         dispatch
 *     EMPTY ---------> CONNECTING ------> IDLE <----------> BUSY
 *       ^                  |              ^ ^ <----------> LEASED
 *       |     failed       |              | |                |
 *       +------------------+              | +--- CHECKING <--+ (and BUSY)
 *       |                                 |      clean again
 *       +--------------- CLOSING <--------+--- any live state
 *
 * Ownership: the pool owns its slots; `conn` and `connect` are the engine's.
 * Threads: the engine's thread only.
 */
#ifndef HF_CORE_POOL_SLOT_H
#define HF_CORE_POOL_SLOT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/list.h"
#include "core/pool/silence.h"

struct hf_lease;
struct hf_pool;

enum hf_slot_state {
  HF_SLOT_EMPTY,      /* no connection */
  HF_SLOT_CONNECTING, /* the engine is opening a connection */
  HF_SLOT_IDLE,       /* ready; the list is ordered by idle time */
  HF_SLOT_BUSY,       /* runs requests of pool.query() */
  HF_SLOT_LEASED,     /* leased to one user */
  HF_SLOT_CHECKING,   /* being reset before it is used again */
  HF_SLOT_CLOSING,    /* the engine is closing the connection */
  HF_SLOT_STATES
};

/* Progress of the proof that a connection may be shared: see reset.h. */
enum hf_proof_step { HF_PROOF_NONE, HF_PROOF_FIRST, HF_PROOF_SECOND };

/* How that proof ended. */
enum hf_proof {
  HF_PROOF_PASSED,      /* both units were answered in order */
  HF_PROOF_FAILED,      /* they were not */
  HF_PROOF_INCONCLUSIVE /* the first was answered before the second was sent */
};

struct hf_slot {
  /* set at init, read-only */
  struct hf_pool *pool;
  struct hf_list *lists; /* the pool's lists, one per state */

  /* changed by the mover */
  enum hf_slot_state state;
  struct hf_link link;
  uint64_t since_us; /* of the last move */

  /* changed by the pool */
  uint32_t serial;     /* of the connection; never reused in a pool */
  uint32_t generation; /* older than the pool's: close it when it is free */
  uint32_t uses;
  uint64_t expires_us;      /* end of its lifetime; 0 = none */
  uint64_t filled_us;       /* when it began to be filled with reads */
  uint64_t head_us;         /* when the oldest request in flight became that */
  struct hf_list running;   /* requests in flight, oldest first */
  struct hf_lease *lease;   /* while LEASED */
  bool shared;              /* everything in flight may share the connection */
  bool proven;              /* the proof passed: it may be shared */
  enum hf_proof_step proof; /* while CHECKING for the proof */
  bool announced; /* HF_EVENT_CONNECT was emitted, so HF_EVENT_REMOVE will be */
  char transaction;      /* I, T or E after the last ReadyForQuery */
  bool deallocate;       /* its prepared statements must be dropped */
  bool restore_settings; /* set by the engine: a setting must be restored */
  bool dirty;   /* the session has something in it, and is to be reset */
  bool hooked;  /* its session was prepared by the user's onConnect */
  bool demoted; /* a write was refused on it */
  bool read_only_transaction; /* the open transaction was begun as read-only */
  uint64_t check_until_us;    /* while CHECKING: when the reset times out */
  bool probing;               /* hf_pool_io.probe has not ended yet */
  struct hf_silence silence;
  uint64_t probe_us; /* when a silent server is probed next */

  /* changed by the engine */
  void *conn;               /* the open connection, or NULL */
  void *connect;            /* the attempt, while it is being opened */
  bool unopened;            /* closing, and no connection was ever opened */
  bool proxied;             /* a pooler is in between: one unit at a time */
  bool server_answered;     /* the server itself answered while it was opened */
  bool unit_is_transaction; /* proven: a unit is one transaction there */
  void *notice_owner;       /* handle that gets its notices while it is free */
  uint64_t last_byte_us;    /* when the server last sent something */
  int32_t backend_pid;
};

/* Returns a state's name, for traces and tests. */
const char *hf_slot_state_name(enum hf_slot_state state);

/* Returns the slot of a link on a list of the pool. */
struct hf_slot *hf_slot_of(struct hf_link *link);

/* Returns true when a connection in that state is open and not being closed. */
bool hf_slot_state_is_live(enum hf_slot_state state);

/* Returns true when the slot is CONNECTING. */
bool hf_slot_is_connecting(const struct hf_slot *slot);

/* Returns true when the slot is IDLE. */
bool hf_slot_is_idle(const struct hf_slot *slot);

/* Returns true when the slot is CLOSING. */
bool hf_slot_is_closing(const struct hf_slot *slot);

/*
 * Retires a connection: no request joins it, and it is closed when it is free.
 */
void hf_slot_retire(struct hf_slot *slot);

/* Returns true when its lifetime is over. */
bool hf_slot_is_expired(const struct hf_slot *slot, uint64_t now_us);

/*
 * The only place that changes the state: asserts the move, relinks the slot and
 * sets since_us.
 */
void hf_slot_move(struct hf_slot *slot,
                  enum hf_slot_state next,
                  uint64_t now_us);

#endif
