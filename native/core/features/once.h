/* SPDX-License-Identifier: MIT */
/*
 * A statement in a transaction of its own: what is sent next, and when it is
 * over. COMMIT is sent only when the transaction's identity has come and is one
 * that can be asked about later, so that a lost answer can be made up for.
 *
 *   ACQUIRING -- lent --> RUNNING -- succeeded, identity known --> COMMITTING
 *       |                  |   |                                       |
 *       | refused          |   +-- failed, or identity not known       |
 *       |                  |                   |                       |
 *       |   nothing open   |                   v        ended          v
 *       +--------> OVER <--+              ROLLING_BACK -------> OVER <-+
 *
 * Ownership: part of the engine's call.
 * Threads: the engine's thread only.
 */
#ifndef HF_CORE_FEATURES_ONCE_H
#define HF_CORE_FEATURES_ONCE_H

#include <stdbool.h>

enum hf_once_state {
  HF_ONCE_ACQUIRING,    /* waits for a connection */
  HF_ONCE_RUNNING,      /* BEGIN, the statement and the identity were sent */
  HF_ONCE_COMMITTING,   /* COMMIT was asked for */
  HF_ONCE_ROLLING_BACK, /* ROLLBACK was */
  HF_ONCE_OVER,         /* nothing is sent any more */
  HF_ONCE_STATES
};

/* What is to be done. */
enum hf_once_order {
  HF_ONCE_DO_RUN,       /* send the statement */
  HF_ONCE_DO_COMMIT,    /* send COMMIT, and release the connection after it */
  HF_ONCE_DO_ROLL_BACK, /* the same with ROLLBACK */
  HF_ONCE_DO_RELEASE    /* release the connection: nothing is to be sent */
};

/* How the statement went. */
struct hf_once_answer {
  bool failed;      /* it, or the query for the identity */
  bool lost;        /* the connection is gone, or not usable */
  bool abandoned;   /* nobody waits for the outcome */
  bool known;       /* the identity is of a server that is known */
  char transaction; /* I, T or E after it; 0 = not known */
};

struct hf_once {
  enum hf_once_state state;
};

/* Returns a state's name, for traces and tests. */
const char *hf_once_state_name(enum hf_once_state state);

/* Begins: a connection is asked for. */
void hf_once_init(struct hf_once *once);

/* No connection was lent: it is over. */
void hf_once_on_refused(struct hf_once *once);

/* A connection was lent. `abandoned`: nobody waits any more. */
enum hf_once_order hf_once_on_lent(struct hf_once *once, bool abandoned);

/* The statement has ended. Returns what follows. */
enum hf_once_order hf_once_on_ran(struct hf_once *once,
                                  const struct hf_once_answer *answer);

/* COMMIT or ROLLBACK has ended: it is over. */
void hf_once_on_ended(struct hf_once *once);

#endif
