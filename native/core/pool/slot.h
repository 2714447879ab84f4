/* SPDX-License-Identifier: MIT */
/*
 * A slot: the place of one connection in the pool. Being in a state is being
 * on the pool's list of that state, so no count can drift from the truth.
 *
 *            connect           connected         dispatch
 *     EMPTY ---------> CONNECTING ------> IDLE <----------> BUSY
 *       ^                  |              ^ ^ <----------> LEASED
 *       |     failed       |              | |                |
 *       +------------------+              | +--- CHECKING <--+ (and BUSY)
 *       |                                 |      clean again
 *       +--------------- CLOSING <--------+--- any live state
 *
 * Ownership: the pool allocates all slots once. `conn` is the engine's.
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
  HF_SLOT_CONNECTING, /* the engine is opening one */
  HF_SLOT_IDLE,       /* ready; ordered by the time it became idle */
  HF_SLOT_BUSY,       /* runs requests of pool.query() */
  HF_SLOT_LEASED,     /* belongs to one user until released */
  HF_SLOT_CHECKING,   /* rolled back or pinged before it is used again */
  HF_SLOT_CLOSING,    /* the engine is closing it */
  HF_SLOT_STATES
};

/* How far the proof is that a connection may be shared: checkup.h. */
enum hf_proof_step { HF_PROOF_NONE, HF_PROOF_FIRST, HF_PROOF_SECOND };

/* How that proof ended. */
enum hf_proof {
  HF_PROOF_PASSED,      /* both units were answered, in order */
  HF_PROOF_FAILED,      /* they were not */
  HF_PROOF_INCONCLUSIVE /* the first was answered before the second was sent */
};

struct hf_slot {
  /* set at init, read-only */
  struct hf_pool *pool;
  struct hf_list *lists; /* the pool's, one a state */

  /* changed by the mover */
  enum hf_slot_state state;
  struct hf_link link;
  uint64_t since_us; /* of the last move */

  /* changed by the pool */
  uint32_t serial;     /* of the connection; never reused in a pool */
  uint32_t generation; /* older than the pool's: closed when it is free */
  uint32_t uses;
  uint64_t expires_us;        /* end of its lifetime; 0 = none */
  uint64_t head_us;           /* since when the oldest in flight is that */
  struct hf_list running;     /* requests in flight, oldest first */
  struct hf_lease *lease;     /* while LEASED */
  bool shared;                /* everything in flight may share */
  bool proven;                /* its path keeps what is sent before an answer */
  enum hf_proof_step proof;   /* while CHECKING for that */
  bool announced;             /* its opening was told, so its end will be */
  char transaction;           /* I, T or E after the last ReadyForQuery */
  bool deallocate;            /* its prepared statements are to go */
  bool restore_settings;      /* set by the engine: a setting is to go back */
  bool demoted;               /* a write was refused there */
  bool read_only_transaction; /* the transaction was begun to read only */
  uint64_t check_until_us;    /* while CHECKING: the end of our patience */
  bool probing;               /* hf_pool_io.probe has not answered yet */
  struct hf_silence silence;
  uint64_t probe_us; /* when a silent server is probed next */

  /* changed by the engine */
  void *conn;               /* the open connection, or NULL */
  void *connect;            /* while it is being opened */
  bool unopened;            /* closing, and there never was anything to close */
  bool proxied;             /* a pooler sits between: one unit at a time */
  bool server_answered;     /* the server itself spoke while it was opened */
  bool unit_is_transaction; /* proven: one flight is one transaction there */
  void *notice_owner;       /* whose notices it still has when it is free */
  uint64_t last_byte_us;    /* when the server was last heard */
  int32_t backend_pid;
};

const char *hf_slot_state_name(enum hf_slot_state state);

/* Returns whether a connection in that state is open and not on its way out. */
bool hf_slot_state_is_live(enum hf_slot_state state);

/* Ends the connection's life: nothing joins it, and it closes when it is free.
 */
void hf_slot_retire(struct hf_slot *slot);

/* Returns whether its life is over. */
bool hf_slot_is_expired(const struct hf_slot *slot, uint64_t now_us);

/* The one mover: asserts the move, relinks and stamps the time. */
void hf_slot_move(struct hf_slot *slot,
                  enum hf_slot_state next,
                  uint64_t now_us);

#endif
