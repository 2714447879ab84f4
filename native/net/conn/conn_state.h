/* SPDX-License-Identifier: MIT */
/*
 * The state of a connection, and what all files that work on it need: watching
 * its socket, failing, finishing a unit.
 *
 *     READY <-----> ACTIVE (n units in flight)
 *       |             |
 *       +-> CLOSING <-+   freed once libuv has closed the handle
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

/* A unit of our own, which runs while no other is in flight. */
enum hf_internal_unit {
  HF_INTERNAL_UNIT_NONE,
  HF_INTERNAL_UNIT_SQL, /* statements for a new connection: settings, onConnect
                         */
  HF_INTERNAL_UNIT_CHECK_STARTUP, /* has the session the settings since its
                                     start? */
  HF_INTERNAL_UNIT_CHECK_UNIT, /* do settings in a unit reach its statement? */
  HF_INTERNAL_UNIT_ROLLBACK,   /* ends a transaction that was left open */
  HF_INTERNAL_UNIT_PING,       /* an empty statement */
  HF_INTERNAL_UNIT_DEALLOCATE, /* of prepared statements, and resets settings */
  HF_INTERNAL_UNIT_PROVE       /* two units at once: are both answered? */
};

/* How the pool's settings reach statements on a connection. */
enum hf_settings_scope {
  HF_SETTINGS_IN_SESSION, /* the session has them, or there are none */
  HF_SETTINGS_IN_UNIT     /* each unit sets them */
};

/*
 * Called from the loop by a connection, for the pool that has opened it. Each
 * may close the connection.
 */
struct hf_conn_callbacks {
  /* The answer to the oldest unit is complete; `transaction`: I, T or E. */
  void (*finished)(struct hf_conn *conn,
                   struct hf_unit *unit,
                   char transaction);

  /* A unit of our own is complete. */
  void (*internal_done)(struct hf_conn *conn);

  /* HF_INTERNAL_UNIT_PROVE is complete. */
  void (*proved)(struct hf_conn *conn, enum hf_proof proof);

  /* The connection is lost; to be closed. `error` may be moved. */
  void (*lost)(struct hf_conn *conn, struct hf_error *error);

  /* It is closed; only for a slot that is CLOSING. */
  void (*closed)(struct hf_conn *conn);

  /* The server sent a notice, or a notification. */
  void (*notice)(struct hf_conn *conn, const struct hf_error *error);
  void (*notification)(struct hf_conn *conn, const PGnotify *notify);

  /* Takes ownership of messages that the reader needs before the answer. */
  void (*define)(struct hf_unit *unit, struct hf_message *definition);

  /*
   * Takes ownership of a portion of a stream's rows; `first`: it is the first
   * of the attempt.
   */
  void (*rows)(struct hf_unit *unit, struct hf_message *message, bool first);

  /*
   * Data of COPY went on. Takes ownership of a portion for the reader, NULL =
   * none; `taken` bytes of the writer's were sent; `first` as above.
   */
  void (*copied)(struct hf_unit *unit,
                 struct hf_message *message,
                 size_t taken,
                 bool first);

  /*
   * From now on nothing is read for a stream, or sent for a COPY FROM; or it
   * goes on.
   */
  void (*held)(struct hf_unit *unit, bool held);

  /* Returns whether reading has to pause: the reader is too far behind. */
  bool (*is_full)(const struct hf_conn *conn);
};

/* Shared by the connections of a pool. */
struct hf_conn_shared {
  /* set when it is made */
  struct hf_loop *loop;
  const struct hf_conn_callbacks *callbacks;
  const struct hf_config *config;
  struct hf_stats *stats;
  struct hf_session_sql sql;

  struct hf_statements statements;
  bool no_transactions; /* its pooler pools by statement */
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
  bool counts_received; /* the system counts received bytes */

  enum hf_conn_state state;
  uv_poll_t poll;
  uv_poll_cb on_poll;
  int events; /* that are watched */
  bool pipeline;
  bool encoding_restored; /* the encoding was reset in this unit */
  bool corked;
  bool failing;    /* lost; reported at the end of the turn */
  bool slot_waits; /* CLOSING, and the slot waits for `closed` */
  bool paused;     /* not reading: the reader is too far behind */
  bool resumes;    /* the pause ends at the end of the turn */
  bool reads_on;   /* an answer may be with libpq: it is read this turn */
  bool wants_room; /* there are data of COPY, and no room in the socket */
  struct hf_link dirty;
  struct hf_link growing; /* a portion of a stream or COPY waits for more */
  bool grown;             /* it has waited long enough */

  enum hf_internal_unit internal_unit;
  struct {
    int32_t nonces[HF_PROOF_UNITS];
    int sent, answered, synced; /* units of it */
  } proof;
  int32_t unit_nonce; /* of the last call_settings.h proof */
  enum hf_settings_scope settings_scope;
  const char *session_settings; /* SQL by which the session got its settings; of
                                   `shared`, or NULL */
  struct hf_settings_check settings_check; /* while it is set up */

  /* a cancel request under way, and the unit that waits for its end */
  struct hf_cancel *cancel;
  struct hf_unit *held_unit;
  char held_transaction;

  struct hf_prepared_table prepared;
  bool ddl_in_transaction; /* whose COMMIT expires names again */
  struct hf_encoder encoder;
  enum hf_status end_status; /* why we end the connection, or HF_OK */
  struct hf_error
      final_error; /* FATAL, or a warning that may precede the end */
};

/* Fails the connection; `lost` is called once, at the end of the turn. */
void hf_conn_fail(struct hf_conn *conn);

/* Has hf_conn_flush called at the end of the turn. */
void hf_conn_mark_dirty(struct hf_conn *conn);

/*
 * Returns whether libpq still has the socket that is watched. After a reset it
 * closes the socket, whose number may be used for another file soon.
 */
bool hf_conn_is_open(const struct hf_conn *conn);

/* Returns the unit whose answer comes next, or NULL. */
struct hf_unit *hf_conn_head(const struct hf_conn *conn);

/* Watches for input unless paused, and for room while there is output. */
void hf_conn_watch(struct hf_conn *conn);

/*
 * From now on a stream or a COPY waits for whoever reads or writes it, or goes
 * on; calls `held` when that changes.
 */
void hf_conn_set_held(struct hf_conn *conn, struct hf_unit *unit, bool held);

/*
 * Returns whether a portion that is not full is handed over now. If not, the
 * loop calls hf_conn_pass_on in a moment: a reader that is faster than the
 * server would otherwise be woken for every few rows.
 */
bool hf_conn_portion_is_due(struct hf_conn *conn, const struct hf_unit *unit);

/* To be called before a unit is sent: ends a pause, drops an old warning. */
void hf_conn_begin_unit(struct hf_conn *conn);

/* Sends a cancel request for the only unit in flight. */
void hf_conn_cancel(struct hf_conn *conn);

/*
 * The answer to the oldest unit is complete: calls `finished`, after the end of
 * a cancel request for the unit if there is one.
 */
void hf_conn_finish_unit(struct hf_conn *conn,
                         struct hf_unit *unit,
                         char transaction);

#endif
