/* SPDX-License-Identifier: MIT */
/*
 * A simulated engine: a pool on virtual time whose outside is a record of
 * what was asked. Nothing is answered until the test says so, and every
 * operation is checked against what a real connection could do.
 *
 * Ownership: the simulation owns its calls; they live until sim_close.
 * Threads: one.
 */
#ifndef HF_TEST_SIM_H
#define HF_TEST_SIM_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/pool/pool.h"

enum {
  SIM_SLOTS = 64,     /* the largest max a test uses */
  SIM_IN_FLIGHT = 64, /* on one connection */
  SIM_RECORDS = 8192, /* further ones are counted, not kept */
  SIM_EVENTS = 16
};

enum sim_op {
  SIM_CONNECT,
  SIM_EXECUTE,
  SIM_CANCEL,
  SIM_ROLLBACK,
  SIM_PING,
  SIM_DEALLOCATE,
  SIM_REPLACE,
  SIM_PROVE, /* each of the two units */
  SIM_PROBE,
  SIM_CLOSE,
  SIM_OPS
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
  void *probe; /* of a health check; see feature_sim.h */
};

struct sim_record {
  enum sim_op op;
  struct hf_slot *slot;
  struct call *call; /* of an execute */
  uint64_t at_us;
};

enum sim_link { LINK_NONE, LINK_OPENING, LINK_OPEN, LINK_CLOSING };

/* What the simulation knows of a slot's connection. */
struct sim_conn {
  enum sim_link link;
  struct call *in_flight[SIM_IN_FLIGHT]; /* oldest first */
  int n_in_flight;
  bool cancelling;
  bool rolling_back; /* or another check-up */
  bool probing;
  bool must_ping;       /* must be pinged before it is used */
  bool must_deallocate; /* must forget its statements before it is idle */
  bool dead;            /* hf_pool_io.usable says no */
};

struct sim {
  struct hf_pool pool;
  uint64_t now_us;
  struct sim_conn conns[SIM_SLOTS];
  struct call *calls; /* newest first */
  uint32_t answers;
  uint32_t lent; /* of these, leases */
  bool closed;
  bool manual_close; /* closes wait for sim_finish_closing */
  bool proxied;      /* connections opened from now on are */
  bool unproven;     /* they are not known to keep what is sent early */
  bool cannot_probe; /* asking about a silent one fails to begin */
  bool has_hook;     /* new connections are prepared ... */
  struct call *hook; /* ... by this lease, the last one */
  uint32_t random;   /* what hf_pool_io.random says ... */
  uint64_t seed;     /* ... unless this is set */
  struct sim_record records[SIM_RECORDS];
  size_t n_records;
  size_t counts[SIM_OPS];
  size_t events[SIM_EVENTS];
  enum hf_status event_status; /* of the last event with an error */
  void (*on_execute)(struct sim *sim, struct call *call);
  void (*on_answer)(struct sim *sim, struct call *call);
  void *mark;
};

/* Returns the default options with `max`. */
struct hf_config sim_config(int32_t max);

/* Opens a pool, with the process-wide retry budget full. */
void sim_open(struct sim *sim, const struct hf_config *config);
void sim_open_max(struct sim *sim, int32_t max);

/*
 * Ends the pool, answers whatever is open, and asserts that every call came
 * back exactly once and that nothing is left.
 */
void sim_close(struct sim *sim);

/* ---- the user ----------------------------------------------------------- */

/* Makes a call that is not yet submitted: two retries, no time limit. */
struct call *sim_make(struct sim *sim, enum hf_request_kind kind);
void sim_submit(struct sim *sim, struct call *call);

struct call *sim_read(struct sim *sim);  /* a query that only reads */
struct call *sim_write(struct sim *sim); /* a query that may not */
struct call *sim_probe(struct sim *sim); /* a health probe */
struct call *sim_acquire(struct sim *sim);
struct call *sim_statement(struct sim *sim,
                           struct call *lease,
                           enum hf_sql_kind kind);
void sim_abort(struct sim *sim, struct call *call);
void sim_release(struct sim *sim, struct call *lease, enum hf_release how);
void sim_end(struct sim *sim);
void sim_suspend(struct sim *sim);
void sim_resume(struct sim *sim);

/* Time stood still: what is idle must not be used before it was pinged. */
void sim_ping_idle(struct sim *sim);

/*
 * Has the pool forget statements, asserts that it says rightly how many
 * connections that concerns, and that none is idle before it did.
 */
void sim_deallocate(struct sim *sim);

/* Writes what a statement of this kind is, as the scanner would. */
void sim_describe(struct hf_request *request, enum hf_sql_kind kind);

/* ---- the outside -------------------------------------------------------- */

/* Every connect under way succeeds; returns how many did. */
int sim_connect(struct sim *sim);

/* Opens `n` idle connections. */
void sim_warm(struct sim *sim, int32_t n);

/* Every connect under way fails; NULL means a refused socket. */
int sim_refuse(struct sim *sim, const char *sqlstate);

/* One connect ends. */
void sim_connected(struct sim *sim, struct hf_slot *slot);
void sim_connect_failed(struct sim *sim,
                        struct hf_slot *slot,
                        const char *sqlstate);

/* The oldest in flight on the call's connection is the call: it ends. */
void sim_answer(struct sim *sim, struct call *call, char transaction);
void sim_fail(struct sim *sim,
              struct call *call,
              const char *sqlstate,
              char transaction);
void sim_finish(struct sim *sim,
                struct call *call,
                const struct hf_error *error,
                char transaction);

/* The connection dies. `sqlstate` NULL means the socket broke. */
void sim_lose(struct sim *sim, struct hf_slot *slot);
void sim_lose_as(struct sim *sim, struct hf_slot *slot, const char *sqlstate);

/* The slot's check-up went well; the other: all that are under way. */
void sim_checked(struct sim *sim, struct hf_slot *slot);
int sim_check_all(struct sim *sim);

/* The proof that a connection may be shared ends. */
void sim_proved(struct sim *sim, struct hf_slot *slot, enum hf_proof proof);

/* A silent connection's server answers, or does not; or says more. */
void sim_probed(struct sim *sim, struct hf_slot *slot, bool alive);
void sim_found(struct sim *sim,
               struct hf_slot *slot,
               enum hf_finding finding,
               uint64_t server);
void sim_closed(struct sim *sim, struct hf_slot *slot);
void sim_finish_closing(struct sim *sim);

/* Lets time pass, ticking the pool exactly when it asks for it. */
void sim_advance(struct sim *sim, uint64_t ms);

/* Follows every entry of the pool: looks at it and ends what closes. */
void sim_settle(struct sim *sim);

/* ---- looking ------------------------------------------------------------ */

struct sim_conn *sim_conn(struct sim *sim, const struct hf_slot *slot);
size_t sim_count(const struct sim *sim, enum hf_slot_state state);
uint64_t sim_stat(const struct sim *sim, enum hf_stat stat);

/* Returns a slot in a state, or NULL. */
struct hf_slot *sim_slot_in(const struct sim *sim, enum hf_slot_state state);

/* Returns the last record of an operation, or NULL. */
const struct sim_record *sim_last(const struct sim *sim, enum sim_op op);

/* Asserts how a call ended. */
void expect_success(const struct call *call);
void expect_status(const struct call *call, enum hf_status status);
void expect_sqlstate(const struct call *call, const char *sqlstate);
void expect_outcome(const struct call *call, enum hf_outcome outcome);
void expect_pending(const struct call *call);

#endif
