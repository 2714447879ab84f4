/* SPDX-License-Identifier: MIT */
/*
 * What a connection is made of, and what everything that works on it needs:
 * watching its socket, failing, telling its pool.
 *
 *     READY <-----> ACTIVE (n units in flight)
 *       |             |
 *       +-> CLOSING <-+   then the memory goes
 *
 * Ownership: see conn.h.
 * Threads: the engine's thread only.
 */
#ifndef HF_NET_CONN_CONN_STATE_H
#define HF_NET_CONN_CONN_STATE_H

#include <stdbool.h>

#include <libpq-fe.h>
#include <uv.h>

#include "core/base/error.h"
#include "core/base/stats.h"
#include "core/policy/config.h"
#include "core/pool/slot.h"
#include "net/base/loop.h"
#include "net/conn/prepared.h"
#include "net/conn/session_sql.h"
#include "net/conn/settings_check.h"
#include "net/conn/statement.h"
#include "net/conn/unit.h"
#include "net/wire/encode.h"

struct hf_cancel;
struct hf_conn;

enum { HF_PROOF_UNITS = 2 };

enum hf_conn_state { HF_CONN_READY, HF_CONN_ACTIVE, HF_CONN_CLOSING };

/* A statement of our own that runs with nothing else in flight. */
enum hf_internal_unit {
  HF_INTERNAL_UNIT_NONE,
  HF_INTERNAL_UNIT_SQL, /* the pool's settings, once, on a new connection */
  HF_INTERNAL_UNIT_CHECK_STARTUP, /* did they arrive at its start? */
  HF_INTERNAL_UNIT_CHECK_UNIT,    /* do they arrive in a flight? */
  HF_INTERNAL_UNIT_ROLLBACK,      /* cleans up what a user left behind */
  HF_INTERNAL_UNIT_PING,          /* an empty statement: is it still there? */
  HF_INTERNAL_UNIT_DEALLOCATE,    /* drops the prepared statements */
  HF_INTERNAL_UNIT_PROVE /* two units at a time: do both answers come back? */
};

/* How the pool's settings reach statements here. */
enum hf_settings_scope {
  HF_SETTINGS_IN_SESSION, /* the session has them, or there are none */
  HF_SETTINGS_IN_UNIT     /* each unit brings them along */
};

/*
 * What a connection tells whoever opened it, and asks there. Called from the
 * loop; each may close the connection.
 */
struct hf_conn_callbacks {
  /* The answer to the oldest unit is complete; `transaction`: I, T or E. */
  void (*finished)(struct hf_conn *conn,
                   struct hf_unit *unit,
                   char transaction);

  /* A unit of our own is over. */
  void (*internal_done)(struct hf_conn *conn);

  /* So is the proof that it may be shared. */
  void (*proved)(struct hf_conn *conn, enum hf_proof proof);

  /* It is dead: to be closed. `error` may be taken from. */
  void (*lost)(struct hf_conn *conn, struct hf_error *error);

  /* It is closed, and its slot was CLOSING. */
  void (*closed)(struct hf_conn *conn);

  /* The server said something that is no answer. */
  void (*notice)(struct hf_conn *conn, const struct hf_error *error);
  void (*notification)(struct hf_conn *conn, const PGnotify *notify);

  /* Takes messages that have to reach the unit's reader before its answer. */
  void (*define)(struct hf_unit *unit, struct hf_message *definition);

  /* Returns whether whoever reads next has too much to take already. */
  bool (*is_full)(const struct hf_conn *conn);
};

/* What the connections of a pool have in common. */
struct hf_conn_shared {
  /* set when it is made */
  struct hf_loop *loop;
  const struct hf_conn_callbacks *callbacks;
  const struct hf_config *config;
  struct hf_stats *stats;
  struct hf_session_sql sql;

  struct hf_statements statements;
  bool no_transactions; /* its pooler is in statement mode */
};

struct hf_conn {
  /* set when it is made */
  struct hf_loop *loop;
  struct hf_conn_shared *shared;
  struct hf_slot *slot;
  PGconn *pg;
  int fd;
  bool encrypted;       /* by TLS or GSSAPI */
  bool corkable;        /* TCP, not a unix socket */
  bool counts_received; /* the system counts what the socket received */

  enum hf_conn_state state;
  uv_poll_t poll;
  uv_poll_cb on_poll;
  int events; /* watched now */
  bool pipeline;
  bool encoding_restored; /* the encoding was set back in this unit */
  bool corked;
  bool failing;    /* dead; the pool is told at the end of the turn */
  bool slot_waits; /* closing: the slot waits to hear that it is done */
  bool paused;     /* the reader's environment is over its memory limit */
  struct hf_link dirty;

  enum hf_internal_unit internal_unit;
  struct {
    int32_t nonces[HF_PROOF_UNITS];
    int sent, answered, synced; /* units of it */
  } proof;
  enum hf_settings_scope settings_scope;
  struct hf_settings_check
      settings_check; /* of the settings, while it is opened */

  /* a cancel request under way, and the answer that waits for its end */
  struct hf_cancel *cancel;
  struct hf_unit *held_unit;
  char held_transaction;

  struct hf_prepared_table prepared;
  bool ddl_in_transaction; /* DDL ran that others may not see before COMMIT */
  struct hf_encoder encoder;
  enum hf_status end_status;   /* why we end it ourselves, or HF_OK */
  struct hf_error final_error; /* FATAL, or a WARNING before the end */
};

/* The connection is dead: the pool is told at the end of the turn, once. */
void hf_conn_fail(struct hf_conn *conn);

/* Has hf_conn_flush called at the end of the turn. */
void hf_conn_mark_dirty(struct hf_conn *conn);

/*
 * Whether libpq still has the socket that is watched. It closes it by itself
 * when reading or sending meets a reset; its number can be another's then.
 */
bool hf_conn_is_open(const struct hf_conn *conn);

/* Returns the unit whose answer comes next, or NULL. */
struct hf_unit *hf_conn_head(const struct hf_conn *conn);

/* Watches for input, and for room when there is output left. */
void hf_conn_watch(struct hf_conn *conn);

/* A new unit is sent: what was warned of before, or held up reading, is over.
 */
void hf_conn_begin_unit(struct hf_conn *conn);

/* Sends a cancel request for the only unit in flight. */
void hf_conn_cancel(struct hf_conn *conn);

/*
 * The answer to the oldest unit is complete: tells the pool, if need be once a
 * cancel request for it is over.
 */
void hf_conn_finish_unit(struct hf_conn *conn,
                         struct hf_unit *unit,
                         char transaction);

#endif
