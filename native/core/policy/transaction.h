/* SPDX-License-Identifier: MIT */
/*
 * The end of a transaction: whether COMMIT or ROLLBACK is sent and when, how
 * long it may take, and what the answer means.
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
  HF_TRANSACTION_ACTIVE,         /* no end was requested */
  HF_TRANSACTION_COMMIT_WAITS,   /* behind earlier statements */
  HF_TRANSACTION_ROLLBACK_WAITS, /* the same; what is in its way is ended */
  HF_TRANSACTION_COMMITTING,     /* COMMIT was sent */
  HF_TRANSACTION_ROLLING_BACK,   /* ROLLBACK was sent */
  HF_TRANSACTION_COMMITTED,
  HF_TRANSACTION_ROLLED_BACK, /* nothing is durable */
  HF_TRANSACTION_IN_DOUBT,    /* COMMIT was sent and its effect is unknown */
  HF_TRANSACTION_STATES
};

/* What to do when a request that ends a transaction is interrupted. */
enum hf_transaction_stop {
  HF_TRANSACTION_STOP,      /* interrupt it like any other request */
  HF_TRANSACTION_ROLL_BACK, /* roll back instead, at once */
  HF_TRANSACTION_CARRY_ON   /* nothing: it is already being rolled back */
};

struct hf_transaction {
  /* set by hf_transaction_end, read-only afterwards */
  uint64_t commit_timeout_us; /* how long COMMIT may take; 0 = no limit */

  /* changed by the mover */
  enum hf_transaction_state state;

  /* changed by the module */
  enum hf_status rollback_reason; /* instead of the COMMIT */
};

/* Returns a state's name, for traces and tests. */
const char *hf_transaction_state_name(enum hf_transaction_state state);

/*
 * Requests the end. `commit_timeout_us` starts when it is COMMIT's turn; 0 = no
 * limit.
 */
void hf_transaction_end(struct hf_transaction *transaction,
                        bool commit,
                        uint64_t commit_timeout_us);

/* Returns true when an end was requested. */
bool hf_transaction_is_ending(const struct hf_transaction *transaction);

/* Returns true when ROLLBACK will be or was sent. */
bool hf_transaction_rolls_back(const struct hf_transaction *transaction);

/*
 * All earlier statements have ended, with transaction status `status` (I, T or
 * E): decides what is sent. Returns when the answer is due, UINT64_MAX = never.
 * `deadline_us`: the caller's deadline; 0 = none.
 */
uint64_t hf_transaction_take_turn(struct hf_transaction *transaction,
                                  char status,
                                  uint64_t deadline_us,
                                  uint64_t now_us);

/* Turns a COMMIT that waits into a ROLLBACK, because of `why`. */
void hf_transaction_give_up(struct hf_transaction *transaction,
                            enum hf_status why);

/*
 * The request is interrupted with `why`. Returns what to do; turns a COMMIT
 * that was not sent into a ROLLBACK.
 */
enum hf_transaction_stop hf_transaction_stop(struct hf_transaction *transaction,
                                             enum hf_status why);

/*
 * The request has ended with `error` (HF_OK = success): moves to the final
 * state, and writes the user's error into `error`.
 */
void hf_transaction_finish(struct hf_transaction *transaction,
                           struct hf_error *error);

/*
 * Returns true when an answer with the command tag ROLLBACK means that a COMMIT
 * failed. `commits` and `rolls_back`: what the text has.
 */
bool hf_transaction_commit_failed(bool answered_rollback,
                                  bool commits,
                                  bool rolls_back);

#endif
