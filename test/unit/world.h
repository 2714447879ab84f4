/* SPDX-License-Identifier: MIT */
/*
 * A world made for tests: a pool on virtual time whose outside is a record of
 * what was asked. Nothing is answered until the test says so, and every
 * operation is checked against what a real connection could do.
 *
 * Ownership: the world owns its calls; they live until world_close.
 * Threads: one.
 */
#ifndef HF_TEST_WORLD_H
#define HF_TEST_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/pool/pool.h"

enum {
  WORLD_SLOTS = 64,     /* the largest max a test uses */
  WORLD_IN_FLIGHT = 64, /* on one connection */
  WORLD_RECORDS = 8192, /* further ones are counted, not kept */
  WORLD_EVENTS = 16
};

enum world_op {
  WORLD_CONNECT,
  WORLD_EXECUTE,
  WORLD_CANCEL,
  WORLD_ROLLBACK,
  WORLD_PING,
  WORLD_FORGET,
  WORLD_REPLACE,
  WORLD_PROVE, /* each of the two units */
  WORLD_PROBE,
  WORLD_CLOSE,
  WORLD_OPS
};

/* One call of the user, with everything that came back. */
struct call {
  struct call *next;
  struct hf_request request;
  struct hf_lease lease; /* of an acquire */
  int sent;              /* times it was executed */
  int answered;          /* times the user was answered: 0, then 1 */
  int returned;          /* times it came back DONE: 0, then 1 */
  uint64_t answered_us;
  uint32_t order; /* of answers, from 1 */
  bool released;
  bool over;             /* the lease came back */
  struct hf_error error; /* as of the answer */
  struct hf_error cause;
  void *mark;  /* the test's own */
  void *probe; /* of a health check; see feature_world.h */
};

struct world_record {
  enum world_op op;
  struct hf_slot *slot;
  struct call *call; /* of an execute */
  uint64_t at_us;
};

enum world_link { LINK_NONE, LINK_OPENING, LINK_OPEN, LINK_CLOSING };

/* What the world knows of a slot's connection. */
struct world_conn {
  enum world_link link;
  struct call *in_flight[WORLD_IN_FLIGHT]; /* oldest first */
  int n_in_flight;
  bool cancelling;
  bool rolling_back; /* or another check-up */
  bool probing;
  bool suspect; /* must be pinged before it is used */
  bool stale;   /* must forget its statements before it is idle */
  bool dead;    /* hf_pool_io.usable says no */
};

struct world {
  struct hf_pool pool;
  uint64_t now_us;
  struct world_conn conns[WORLD_SLOTS];
  struct call *calls; /* newest first */
  uint32_t answers;
  uint32_t lent; /* of these, leases */
  bool closed;
  bool manual_close;     /* closes wait for world_finish_closing */
  bool proxied;          /* connections opened from now on are */
  bool unproven;         /* they are not known to keep what is sent early */
  bool cannot_probe;     /* asking about a silent one fails to begin */
  bool greets;           /* new connections are prepared ... */
  struct call *greeting; /* ... by this lease, the last one */
  uint32_t random;       /* what hf_pool_io.random says ... */
  uint64_t seed;         /* ... unless this is set */
  struct world_record records[WORLD_RECORDS];
  size_t n_records;
  size_t counts[WORLD_OPS];
  size_t events[WORLD_EVENTS];
  enum hf_status event_status; /* of the last event with an error */
  void (*on_execute)(struct world *world, struct call *call);
  void (*on_answer)(struct world *world, struct call *call);
  void *mark;
};

/* Returns the default options with `max`. */
struct hf_config world_config(int32_t max);

/* Opens a pool, with the process-wide retry budget full. */
void world_open(struct world *world, const struct hf_config *config);
void world_open_max(struct world *world, int32_t max);

/*
 * Ends the pool, answers whatever is open, and asserts that every call came
 * back exactly once and that nothing is left.
 */
void world_close(struct world *world);

/* ---- the user ----------------------------------------------------------- */

/* Makes a call that is not yet submitted: two retries, no time limit. */
struct call *world_make(struct world *world, enum hf_request_kind kind);
void world_submit(struct world *world, struct call *call);

struct call *world_read(struct world *world);  /* a query that only reads */
struct call *world_write(struct world *world); /* a query that may not */
struct call *world_probe(struct world *world); /* a health probe */
struct call *world_acquire(struct world *world);
struct call *world_statement(struct world *world,
                             struct call *lease,
                             enum hf_sql_kind kind);
void world_abort(struct world *world, struct call *call);
void world_release(struct world *world,
                   struct call *lease,
                   enum hf_release how);
void world_end(struct world *world);
void world_suspend(struct world *world);
void world_resume(struct world *world);

/* Time stood still: what is idle must not be used before it was pinged. */
void world_suspect(struct world *world);

/*
 * Has the pool forget statements, asserts that it says rightly how many
 * connections that concerns, and that none is idle before it did.
 */
void world_forget(struct world *world);

/* Writes what a statement of this kind is, as the scanner would. */
void world_describe(struct hf_request *request, enum hf_sql_kind kind);

/* ---- the outside -------------------------------------------------------- */

/* Every connect under way succeeds; returns how many did. */
int world_connect(struct world *world);

/* Opens `n` idle connections. */
void world_warm(struct world *world, int32_t n);

/* Every connect under way fails; NULL means a refused socket. */
int world_refuse(struct world *world, const char *sqlstate);

/* One connect ends. */
void world_connected(struct world *world, struct hf_slot *slot);
void world_connect_failed(struct world *world,
                          struct hf_slot *slot,
                          const char *sqlstate);

/* The oldest in flight on the call's connection is the call: it ends. */
void world_answer(struct world *world, struct call *call, char transaction);
void world_fail(struct world *world,
                struct call *call,
                const char *sqlstate,
                char transaction);
void world_finish(struct world *world,
                  struct call *call,
                  const struct hf_error *error,
                  char transaction);

/* The connection dies. `sqlstate` NULL means the socket broke. */
void world_lose(struct world *world, struct hf_slot *slot);
void world_lose_as(struct world *world,
                   struct hf_slot *slot,
                   const char *sqlstate);

/* The slot's check-up went well; the other: all that are under way. */
void world_checked(struct world *world, struct hf_slot *slot);
int world_check_all(struct world *world);

/* The proof that a connection may be shared ends. */
void world_proved(struct world *world,
                  struct hf_slot *slot,
                  enum hf_proof proof);

/* A silent connection's server answers, or does not; or says more. */
void world_probed(struct world *world, struct hf_slot *slot, bool alive);
void world_found(struct world *world,
                 struct hf_slot *slot,
                 enum hf_finding finding,
                 uint64_t server);
void world_closed(struct world *world, struct hf_slot *slot);
void world_finish_closing(struct world *world);

/* Lets time pass, ticking the pool exactly when it asks for it. */
void world_advance(struct world *world, uint64_t ms);

/* Follows every entry of the pool: looks at it and ends what closes. */
void world_settle(struct world *world);

/* ---- looking ------------------------------------------------------------ */

struct world_conn *world_conn(struct world *world, const struct hf_slot *slot);
size_t world_count(const struct world *world, enum hf_slot_state state);
uint64_t world_stat(const struct world *world, enum hf_stat stat);

/* Returns a slot in a state, or NULL. */
struct hf_slot *world_slot_in(const struct world *world,
                              enum hf_slot_state state);

/* Returns the last record of an operation, or NULL. */
const struct world_record *world_last(const struct world *world,
                                      enum world_op op);

/* Asserts how a call ended. */
void expect_success(const struct call *call);
void expect_status(const struct call *call, enum hf_status status);
void expect_sqlstate(const struct call *call, const char *sqlstate);
void expect_outcome(const struct call *call, enum hf_outcome outcome);
void expect_pending(const struct call *call);

#endif
