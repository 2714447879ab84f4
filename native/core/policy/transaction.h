/* SPDX-License-Identifier: MIT */
/*
 * The end of a transaction: whether COMMIT or ROLLBACK is sent, when, for how
 * long, and what the answer means.
 *
 *   ACTIVE --- COMMIT ---> COMMIT_WAITS ---- its turn ----> COMMITTING
 *       |                    |   abort, deadline, or        |   |   |
 *       |                    v   its turn, but it failed    |   |   v
 *       +- ROLLBACK -> ROLLBACK_WAITS                       |   | IN_DOUBT
 *                            |                              |   v
 *                            v                              | COMMITTED
 *                       ROLLING_BACK --> ROLLED_BACK <------+
 *
 * Ownership: part of the request that ends the transaction.
 * Threads: the engine's thread only.
 */
#ifndef HF_CORE_POLICY_TRANSACTION_H
#define HF_CORE_POLICY_TRANSACTION_H

#include <stdbool.h>
#include <stdint.h>

#include "holdfast.h"

struct hf_error;

enum hf_transaction_state {
  HF_TRANSACTION_ACTIVE,         /* nobody has asked to end it */
  HF_TRANSACTION_COMMIT_WAITS,   /* behind statements that were given before */
  HF_TRANSACTION_ROLLBACK_WAITS, /* the same; what is in its way is ended */
  HF_TRANSACTION_COMMITTING,     /* COMMIT was sent */
  HF_TRANSACTION_ROLLING_BACK,   /* ROLLBACK was sent */
  HF_TRANSACTION_COMMITTED,
  HF_TRANSACTION_ROLLED_BACK, /* nothing of it is durable */
  HF_TRANSACTION_IN_DOUBT, /* COMMIT was sent, and what it did is not known */
  HF_TRANSACTION_STATES
};

/* What to do when the end of a transaction is to be given up. */
enum hf_transaction_stop {
  HF_TRANSACTION_STOP,      /* end the request as any other */
  HF_TRANSACTION_ROLL_BACK, /* roll back instead, at once */
  HF_TRANSACTION_CARRY_ON   /* nothing: it is being rolled back already */
};

struct hf_transaction {
  /* set by hf_transaction_end, read-only afterwards */
  uint64_t commit_timeout_us; /* how long COMMIT may take; 0 = no limit */

  /* changed by the mover */
  enum hf_transaction_state state;

  /* changed by the module */
  enum hf_status
      rollback_reason; /* it is rolled back though COMMIT was wanted */
};

/* Returns a state's name, for traces and tests. */
const char *hf_transaction_state_name(enum hf_transaction_state state);

/* Asks for the end. `commit_timeout_us` begins when it is COMMIT's turn. */
void hf_transaction_end(struct hf_transaction *transaction,
                        bool commit,
                        uint64_t commit_timeout_us);

/* Returns whether an end was asked for. */
bool hf_transaction_is_ending(const struct hf_transaction *transaction);

/* Returns whether it is to be rolled back, or was sent to be. */
bool hf_transaction_rolls_back(const struct hf_transaction *transaction);

/*
 * All that was given before it has ended, in a connection whose transaction
 * status is `status` (I, T or E): moves on to what is to be sent. Returns when
 * that has to be over, UINT64_MAX for never; `deadline_us` is when the caller
 * wants it to be, 0 = never.
 */
uint64_t hf_transaction_take_turn(struct hf_transaction *transaction,
                                  char status,
                                  uint64_t deadline_us,
                                  uint64_t now_us);

/*
 * The caller has given up, or its time is over: says what that means, and
 * turns to ROLLBACK while COMMIT was not sent.
 */
enum hf_transaction_stop hf_transaction_stop(struct hf_transaction *transaction,
                                             enum hf_status why);

/*
 * The request is over, with `error` (HF_OK: it went well): moves to what became
 * of the transaction, and writes what the caller is told into `error`.
 */
void hf_transaction_finish(struct hf_transaction *transaction,
                           struct hf_error *error);

/*
 * Returns whether ROLLBACK as the command tag of an answer means that a COMMIT
 * failed. `commits` and `rolls_back`: what the text asked for.
 */
bool hf_transaction_commit_failed(bool answered_rollback,
                                  bool commits,
                                  bool rolls_back);

#endif
