/* SPDX-License-Identifier: MIT */
/*
 * The parts of the model test: what is drawn at random, the ledger of calls,
 * the user, and the server.
 */
#ifndef HF_TEST_MODEL_H
#define HF_TEST_MODEL_H

#include "feature_sim.h"

enum { OWNERS = 3, MAX_MOST = 9, US = 1000, PERCENT = 100 };

/* What the ledger knows about a call beyond the simulation. */
struct entry {
  struct call *call;
  uint64_t arrival; /* its place in line */
  bool doubtful;    /* an attempt of it may have been done */
};

struct model {
  struct features features;
  uint64_t seen[SIM_OPS]; /* in all pools of the run */
  uint64_t answers;
  uint64_t checks, warmups;
  uint64_t pools;
  uint64_t state; /* of the generator */
  uint64_t arrivals;
  uint64_t operations;
  int owners[OWNERS];
  bool owner_gone[OWNERS];
  bool outage;
};

extern struct model model;

static inline uint32_t draw(uint32_t below) {
  model.state ^= model.state << 13;
  model.state ^= model.state >> 7;
  model.state ^= model.state << 17;
  return (uint32_t)(model.state >> 20) % below;
}

static inline bool chance(uint32_t percent) {
  return draw(PERCENT) < percent;
}

/* ---- the ledger ---------------------------------------------------------- */

/* NULL for calls that the pool or health makes itself. */
static inline struct entry *entry_of(const struct call *call) {
  return call->mark;
}

void check_execute(struct sim *sim, struct call *call);
void check_answer(struct sim *sim, struct call *call);

/* ---- the user ------------------------------------------------------------ */

uint32_t calls_alive(void);
void sweep_calls(void);
void do_query(void);
void do_acquire(void);
void do_statement(void);
void do_abort(void);
void do_release(void);
void do_finish(void);
void do_drop_owner(void);
void do_warm(void);
void do_warmup(void);
void do_health(void);
void do_end_owner(void);
void do_reset(void);
void do_suspension(void);
void do_check_ups(void);
void do_wait(void);

/* ---- the outside --------------------------------------------------------- */

void do_answer(void);

#endif
