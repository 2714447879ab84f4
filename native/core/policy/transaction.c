/* SPDX-License-Identifier: MIT */
#include "core/policy/transaction.h"

#include <assert.h>

#include "core/base/error.h"

/* clang-format off */
static const struct {
  const char *name;
  unsigned next; /* set of allowed states */
} states[] = {
  [HF_TRANSACTION_ACTIVE]           = {"active",
                                     1u << HF_TRANSACTION_COMMIT_WAITS |
                                     1u << HF_TRANSACTION_ROLLBACK_WAITS},
  [HF_TRANSACTION_COMMIT_WAITS]   = {"commit waits",
                                     1u << HF_TRANSACTION_ROLLBACK_WAITS |
                                     1u << HF_TRANSACTION_COMMITTING |
                                     1u << HF_TRANSACTION_ROLLED_BACK},
  [HF_TRANSACTION_ROLLBACK_WAITS] = {"rollback waits",
                                     1u << HF_TRANSACTION_ROLLING_BACK |
                                     1u << HF_TRANSACTION_ROLLED_BACK},
  [HF_TRANSACTION_COMMITTING]     = {"committing",
                                     1u << HF_TRANSACTION_COMMITTED |
                                     1u << HF_TRANSACTION_ROLLED_BACK |
                                     1u << HF_TRANSACTION_IN_DOUBT},
  [HF_TRANSACTION_ROLLING_BACK]   = {"rolling back",
                                     1u << HF_TRANSACTION_ROLLED_BACK},
  [HF_TRANSACTION_COMMITTED]      = {"committed", 0},
  [HF_TRANSACTION_ROLLED_BACK]    = {"rolled back", 0},
  [HF_TRANSACTION_IN_DOUBT]       = {"in doubt", 0},
};
/* clang-format on */

const char *hf_transaction_state_name(enum hf_transaction_state state) {
  return states[state].name;
}

/* The only place that changes the state. */
static void move(struct hf_transaction *transaction,
                 enum hf_transaction_state next) {
  assert((states[transaction->state].next & 1u << next) != 0);
  transaction->state = next;
}

void hf_transaction_end(struct hf_transaction *transaction,
                        bool commit,
                        uint64_t commit_timeout_us) {
  transaction->commit_timeout_us = commit_timeout_us;
  move(transaction,
       commit ? HF_TRANSACTION_COMMIT_WAITS : HF_TRANSACTION_ROLLBACK_WAITS);
}

bool hf_transaction_is_ending(const struct hf_transaction *transaction) {
  return transaction->state != HF_TRANSACTION_ACTIVE;
}

bool hf_transaction_rolls_back(const struct hf_transaction *transaction) {
  return transaction->state == HF_TRANSACTION_ROLLBACK_WAITS ||
         transaction->state == HF_TRANSACTION_ROLLING_BACK;
}

static void roll_back_instead(struct hf_transaction *transaction,
                              enum hf_status why) {
  transaction->rollback_reason = why;
  move(transaction, HF_TRANSACTION_ROLLBACK_WAITS);
}

void hf_transaction_give_up(struct hf_transaction *transaction,
                            enum hf_status why) {
  roll_back_instead(transaction, why);
}

uint64_t hf_transaction_take_turn(struct hf_transaction *transaction,
                                  char status,
                                  uint64_t deadline_us,
                                  uint64_t now_us) {
  uint64_t end_us = deadline_us == 0 ? UINT64_MAX : deadline_us;
  if (transaction->state == HF_TRANSACTION_COMMIT_WAITS) {
    if (status == 'E') {
      /* the server would answer COMMIT with ROLLBACK */
      roll_back_instead(transaction, HF_COMMIT_ROLLED_BACK);
    } else if (now_us >= end_us) {
      roll_back_instead(transaction, HF_DEADLINE);
    }
  }
  if (transaction->state == HF_TRANSACTION_ROLLBACK_WAITS) {
    move(transaction, HF_TRANSACTION_ROLLING_BACK);
    return UINT64_MAX;
  }
  move(transaction, HF_TRANSACTION_COMMITTING);
  if (transaction->commit_timeout_us != 0 &&
      transaction->commit_timeout_us < end_us - now_us) {
    end_us = now_us + transaction->commit_timeout_us;
  }
  return end_us;
}

enum hf_transaction_stop hf_transaction_stop(struct hf_transaction *transaction,
                                             enum hf_status why) {
  if (why != HF_ABORTED && why != HF_DEADLINE) {
    return HF_TRANSACTION_STOP;
  }
  switch (transaction->state) {
  case HF_TRANSACTION_COMMIT_WAITS:
    roll_back_instead(transaction, why);
    return HF_TRANSACTION_ROLL_BACK;
  case HF_TRANSACTION_ROLLBACK_WAITS:
  case HF_TRANSACTION_ROLLING_BACK:
    return HF_TRANSACTION_CARRY_ON;
  case HF_TRANSACTION_ACTIVE:
  case HF_TRANSACTION_COMMITTING:
  case HF_TRANSACTION_COMMITTED:
  case HF_TRANSACTION_ROLLED_BACK:
  case HF_TRANSACTION_IN_DOUBT:
  case HF_TRANSACTION_STATES:
    break;
  }
  return HF_TRANSACTION_STOP;
}

/* Returns the state after the answer to COMMIT. */
static enum hf_transaction_state state_after(const struct hf_error *error) {
  if (error->status == HF_OK) {
    return HF_TRANSACTION_COMMITTED;
  }
  return error->outcome == HF_OUTCOME_AMBIGUOUS ? HF_TRANSACTION_IN_DOUBT
                                                : HF_TRANSACTION_ROLLED_BACK;
}

void hf_transaction_finish(struct hf_transaction *transaction,
                           struct hf_error *error) {
  if (transaction->state == HF_TRANSACTION_COMMITTING) {
    move(transaction, state_after(error));
    return;
  }
  /*
   * ROLLBACK, or a COMMIT that was not sent: rolled back even if the request
   * failed.
   */
  move(transaction, HF_TRANSACTION_ROLLED_BACK);
  if (transaction->rollback_reason != HF_OK) {
    hf_error_set(error, transaction->rollback_reason, HF_PHASE_COMMIT, NULL);
    error->outcome = HF_OUTCOME_ROLLED_BACK;
    error->unit = HF_UNIT_TRANSACTION;
    error->retryable = false;
  }
}

bool hf_transaction_commit_failed(bool answered_rollback,
                                  bool commits,
                                  bool rolls_back) {
  return answered_rollback && commits && !rolls_back;
}
