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
  SIM_SKIP,
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
  int sent;              /* how often it was sent */
  int answered;          /* how often the user was answered: 0, then 1 */
  int returned;          /* how often it came back DONE: 0, then 1 */
  uint64_t answered_us;
  uint32_t order; /* position among all answers, from 1 */
  bool released;
  bool over;             /* the lease was returned */
  struct hf_error error; /* at the time of the answer */
  struct hf_error cause;
  void *mark;  /* for the test */
  void *probe; /* the probe of a health check; see feature_sim.h */
};

struct sim_record {
  enum sim_op op;
  struct hf_slot *slot;
  struct call *call; /* of an execute */
  uint64_t at_us;
};

enum sim_link { LINK_NONE, LINK_OPENING, LINK_OPEN, LINK_CLOSING };

/* The simulated connection of a slot. */
struct sim_conn {
  enum sim_link link;
  struct call *in_flight[SIM_IN_FLIGHT]; /* oldest first */
  int n_in_flight;
  bool cancelling;
  bool rolling_back; /* or in another reset */
  bool probing;
  bool must_ping;       /* it must be pinged before it is used */
  bool must_deallocate; /* its statements must be dropped before it is idle */
  bool dead;            /* it is closed, as hf_pool_io.usable reports */
};

struct sim {
  struct hf_pool pool;
  uint64_t now_us;
  struct sim_conn conns[SIM_SLOTS];
  struct call *calls; /* newest first */
  uint32_t answers;
  uint32_t lent; /* leases among them */
  bool closed;
  bool manual_close; /* closes wait for sim_finish_closing */
  bool proxied;      /* connections opened from now on go through a pooler */
  bool unproven;     /* they are not proven */
  bool cannot_probe; /* probing a silent connection fails to start */
  bool has_hook;     /* new connections have an onConnect hook */
  struct call *hook; /* the lease of the last hook */
  uint32_t random;   /* what hf_pool_io.random returns ... */
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

/* Opens a pool. The retry budget of the process is full. */
void sim_open(struct sim *sim, const struct hf_config *config);
void sim_open_max(struct sim *sim, int32_t max);

/*
 * Ends the pool, answers whatever is open, and asserts that every call came
 * back exactly once and nothing is left.
 */
void sim_close(struct sim *sim);

/* ---- the user ----------------------------------------------------------- */

/* Makes a call without submitting it: two retries, no time limit. */
struct call *sim_make(struct sim *sim, enum hf_request_kind kind);
void sim_submit(struct sim *sim, struct call *call);

struct call *sim_read(struct sim *sim);  /* a query that only reads */
struct call *sim_write(struct sim *sim); /* a query that may write */
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

/* Pings idle connections, and asserts that none is used before its ping. */
void sim_ping_idle(struct sim *sim);

/*
 * Deallocates, and asserts that the pool returns the right number of
 * connections and that none is idle before its statements were dropped.
 */
void sim_deallocate(struct sim *sim);

/* Fills in what the scanner would say about a statement of that kind. */
void sim_describe(struct hf_request *request, enum hf_sql_kind kind);

/* ---- the outside -------------------------------------------------------- */

/* Lets every connect under way succeed; returns how many. */
int sim_connect(struct sim *sim);

/* Opens `n` idle connections. */
void sim_warm(struct sim *sim, int32_t n);

/* Lets every connect under way fail; NULL = the socket was refused. */
int sim_refuse(struct sim *sim, const char *sqlstate);

/* Ends one connect. */
void sim_connected(struct sim *sim, struct hf_slot *slot);
void sim_connect_failed(struct sim *sim,
                        struct hf_slot *slot,
                        const char *sqlstate);

/* Ends a call, which must be the oldest in flight on its connection. */
void sim_answer(struct sim *sim, struct call *call, char transaction);
void sim_fail(struct sim *sim,
              struct call *call,
              const char *sqlstate,
              char transaction);
void sim_finish(struct sim *sim,
                struct call *call,
                const struct hf_error *error,
                char transaction);

/* Loses a connection; `sqlstate` NULL = the socket broke. */
void sim_lose(struct sim *sim, struct hf_slot *slot);
void sim_lose_as(struct sim *sim, struct hf_slot *slot, const char *sqlstate);

/* Ends a reset well; the second function: all resets under way. */
void sim_checked(struct sim *sim, struct hf_slot *slot);
int sim_check_all(struct sim *sim);

/* Ends the proof that a connection may be shared. */
void sim_proved(struct sim *sim, struct hf_slot *slot, enum hf_proof proof);

/*
 * Ends a probe of a silent connection: the server answers or not; or with a
 * finding.
 */
void sim_probed(struct sim *sim, struct hf_slot *slot, bool alive);
void sim_found(struct sim *sim,
               struct hf_slot *slot,
               enum hf_finding finding,
               uint64_t server);
void sim_closed(struct sim *sim, struct hf_slot *slot);
void sim_finish_closing(struct sim *sim);

/* Lets time pass and ticks the pool exactly when it asks for it. */
void sim_advance(struct sim *sim, uint64_t ms);

/*
 * Called after every entry of the pool: checks it, and ends connections that
 * close.
 */
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
