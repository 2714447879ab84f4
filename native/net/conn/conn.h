/* SPDX-License-Identifier: MIT */
/*
 * A connection on the engine's loop: sends the units of calls in the order of
 * its slot's running list and reads their answers.
 *
 *     READY <-----> ACTIVE (n units in flight)
 *       |             |
 *       +-> CLOSING <-+   then the memory goes
 *
 * Ownership: made around an open PGconn, which it owns; frees itself after
 * hf_conn_close.
 * Threads: the engine's thread only.
 */
#ifndef HF_NET_CONN_CONN_H
#define HF_NET_CONN_CONN_H

#include <stdbool.h>

#include <libpq-fe.h>
#include <uv.h>

#include "core/base/error.h"
#include "core/base/stats.h"
#include "core/policy/config.h"
#include "core/pool/slot.h"
#include "net/base/loop.h"
#include "net/conn/arrival.h"
#include "net/conn/prepared.h"
#include "net/conn/session_sql.h"
#include "net/conn/statement.h"
#include "net/conn/unit.h"
#include "net/connect/cancel_job.h"
#include "net/wire/encode.h"

struct hf_cancel;
struct hf_conn;

enum { HF_PROOF_UNITS = 2 };

enum hf_conn_state { HF_CONN_READY, HF_CONN_ACTIVE, HF_CONN_CLOSING };

/* A statement of our own that runs with nothing else in flight. */
enum hf_own_unit {
  HF_OWN_UNIT_NONE,
  HF_OWN_UNIT_SETTINGS, /* the pool's settings, once, on a new connection */
  HF_OWN_UNIT_STARTED,  /* did they arrive at its start? */
  HF_OWN_UNIT_ARRIVAL,  /* do they arrive in a flight? */
  HF_OWN_UNIT_ROLLBACK, /* cleans up what a user left behind */
  HF_OWN_UNIT_PING,     /* an empty statement: is it still there? */
  HF_OWN_UNIT_FORGET,   /* drops the prepared statements */
  HF_OWN_UNIT_PROVE     /* two units at a time: do both answers come back? */
};

/* How the pool's settings reach statements here. */
enum hf_carry {
  HF_CARRY_SESSION, /* the session has them, or there are none */
  HF_CARRY_UNIT     /* each unit brings them along */
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
  void (*own_over)(struct hf_conn *conn);

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
  bool encrypted; /* by TLS or GSSAPI */
  bool corkable;  /* TCP, not a unix socket */
  bool metered;   /* the system counts what the socket received */

  enum hf_conn_state state;
  uv_poll_t poll;
  int events; /* watched now */
  bool pipeline;
  bool mended; /* the encoding was set back in this unit */
  bool corked;
  bool failing; /* dead; the pool is told at the end of the turn */
  bool awaited; /* closing: the slot waits to hear that it is done */
  bool paused;  /* the reader's environment is over its memory limit */
  struct hf_link dirty;

  enum hf_own_unit own_unit;
  struct {
    int32_t nonces[HF_PROOF_UNITS];
    int sent, answered, synced; /* units of it */
  } proof;
  enum hf_carry carry;
  struct hf_arrival arrival; /* of the settings, while it is opened */

  /* a cancel request under way, and the answer that waits for its end */
  struct hf_cancel *canceller;
  struct hf_unit *held;
  char held_transaction;

  struct hf_prepared_table names;
  bool renews; /* DDL ran that others may not see before COMMIT */
  struct hf_encoder encoder;
  enum hf_status given_up;    /* why we end it ourselves, or HF_OK */
  struct hf_error last_words; /* FATAL, or a WARNING before the end */
};

/*
 * Makes a connection; takes ownership of `pg` in any case. NULL when out of
 * memory or the socket cannot be watched: errno says which.
 */
struct hf_conn *hf_conn_new(struct hf_conn_shared *shared,
                            struct hf_slot *slot,
                            PGconn *pg);

/* Sends a unit, the last of the slot's running list. */
void hf_conn_execute(struct hf_conn *conn, struct hf_unit *unit);

/* Runs a statement of our own; `own_over` follows. */
void hf_conn_run_own(struct hf_conn *conn,
                     enum hf_own_unit own_unit,
                     const char *sql);

/* Sends a unit of the proof; `proved` follows. */
void hf_conn_prove(struct hf_conn *conn, enum hf_proof_step step);

/* Sends a cancel request for the only unit in flight. */
void hf_conn_cancel(struct hf_conn *conn);

/* Looks without waiting whether an idle connection still lives. */
bool hf_conn_is_usable(struct hf_conn *conn);

/* Sends what collected in this turn, or tells the pool of the end. */
void hf_conn_flush(struct hf_conn *conn);

/* Reads on after hf_conn.paused. */
void hf_conn_resume(struct hf_conn *conn);

/* Closes; `closed` follows later. */
void hf_conn_close(struct hf_conn *conn);

/* ---- between conn.c, send.c and read.c ----------------------------------- */

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

/* Reads what there is and settles what is complete. */
void hf_conn_read(struct hf_conn *conn);

/* Sends a unit; false when libpq refused it, which ends the connection. */
HF_NODISCARD bool hf_conn_send(struct hf_conn *conn, struct hf_unit *unit);

/* Adds a statement of ours to a unit; false as above. */
HF_NODISCARD bool hf_conn_send_step(struct hf_conn *conn,
                                    struct hf_unit *unit,
                                    enum hf_step step,
                                    const char *sql);

/* Ends a unit of the extended protocol; false as above. */
HF_NODISCARD bool hf_conn_send_sync(struct hf_conn *conn);

/* Sends one more statement of ours as part of a unit; false as above. */
HF_NODISCARD bool hf_conn_send_more(struct hf_conn *conn,
                                    struct hf_unit *unit,
                                    const char *sql);

/* Hands libpq's output to the socket; false as above. */
HF_NODISCARD bool hf_conn_push(struct hf_conn *conn);

/* Why a statement is not run without its settings. */
extern const char hf_needs_session[];

/* Sends the question of HF_OWN_UNIT_ARRIVAL; false as above. */
HF_NODISCARD bool hf_conn_send_arrival(struct hf_conn *conn);

/* Sends the next unit of the proof; false as above. */
HF_NODISCARD bool hf_conn_send_proof(struct hf_conn *conn);

/* Sends a chore's text; false as above. */
HF_NODISCARD bool hf_conn_send_own(struct hf_conn *conn, const char *sql);

/* A notice receiver for connections that nobody listens to. */
void hf_conn_drop_notice(void *ctx, const PGresult *result);

/* Copies the fields of a result's error into `error`. */
void hf_conn_read_error(const PGresult *result,
                        enum hf_phase phase,
                        struct hf_error *error);

#endif
