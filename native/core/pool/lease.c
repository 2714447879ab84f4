/* SPDX-License-Identifier: MIT */
/* Exclusive use of a connection, statement by statement. */
#include "core/pool/lease.h"

#include <assert.h>
#include <string.h>

#include "core/policy/classify_error.h"
#include "core/pool/advice.h"
#include "core/pool/dispatch.h"
#include "core/pool/greeting.h"
#include "core/pool/janitor.h"
#include "core/pool/outcome.h"
#include "core/pool/reset.h"
#include "core/pool/scheduler.h"
#include "core/pool/state.h"
#include "core/pool/timeouts.h"
#include "core/sql/command.h"
#include "core/sql/scan.h"

/* A statement that runs longer than this is in the way of a ROLLBACK. */
enum { ROLLBACK_PATIENCE_US = 100 * 1000 };

static struct hf_request *request_of(struct hf_link *link) {
  return HF_CONTAINER_OF(link, struct hf_request, link);
}

void hf_lease_init(struct hf_lease *lease, void *owner) {
  memset(lease, 0, sizeof *lease);
  lease->owner = owner;
  hf_list_init(&lease->waiting);
  hf_error_init(&lease->lost);
}

void hf_lease_finish(struct hf_lease *lease) {
  assert(lease->slot == NULL);
  assert(!hf_link_queued(&lease->ending));
  assert(hf_list_empty(&lease->waiting));
  hf_error_finish(&lease->lost);
}

bool hf_lease_note_result(struct hf_lease *lease,
                          int32_t effects,
                          char transaction) {
  bool writes = (effects & HF_COMMAND_WRITES) != 0;
  bool durable = false;
  if (transaction != 0) {
    lease->transaction = transaction;
  }
  if ((effects & HF_COMMAND_COMMITS) != 0) {
    durable = lease->wrote;
  } else if (lease->transaction == 'I') {
    durable = writes;
  } else {
    lease->wrote = lease->wrote || writes;
  }
  lease->wrote = lease->wrote && lease->transaction != 'I';
  return durable;
}

void hf_lease_grant(struct hf_pool *pool,
                    struct hf_request *request,
                    struct hf_slot *slot) {
  struct hf_lease *lease = request->lease;
  slot->lease = lease;
  lease->slot = slot;
  lease->granted_us = pool->now_us;
  lease->transaction = 'I';
  hf_slot_move(slot, HF_SLOT_LEASED, pool->now_us);
  slot->uses++;
  hf_outcome_settle(pool, request);
}

/* A statement for a connection that is gone: the first error answers. */
static void refuse_lost(struct hf_pool *pool, struct hf_request *request) {
  const struct hf_lease *lease = request->lease;
  struct hf_error *error = &request->error;
  if (lease->lost.status == HF_OK) {
    hf_error_set(error, HF_RELEASED, HF_PHASE_LOCAL, NULL);
    error->outcome = HF_OUTCOME_NOT_EXECUTED;
  } else {
    hf_error_copy(error, &lease->lost);
    error->phase = HF_PHASE_LOCAL;
  }
  hf_outcome_settle(pool, request);
}

/* ---- a ROLLBACK and what is in its way ----------------------------------- */

static bool is_whole_rollback(const struct hf_request *request) {
  const struct hf_sql_info *sql = &request->sql;
  return !sql->multiple && (sql->kind == HF_SQL_ROLLBACK ||
                            sql->kind == HF_SQL_ROLLBACK_AND_CHAIN);
}

/*
 * Whether ending it does what a ROLLBACK asks for. What commits by itself,
 * outside a transaction, is not what is to be rolled back.
 */
static bool may_be_ended(const struct hf_request *request) {
  const struct hf_sql_info *sql = &request->sql;
  if (sql->commits || sql->ends_transaction) {
    return false;
  }
  return request->in_transaction || sql->kind == HF_SQL_BEGIN ||
         sql->kind == HF_SQL_SELECT;
}

static void arm(struct hf_pool *pool,
                struct hf_request *request,
                uint64_t at_us) {
  if (request->deadline_us != 0 && request->deadline_us < at_us) {
    at_us = request->deadline_us;
  }
  hf_pool_set_timer(pool, request, at_us);
}

/* Rejects, unsent, what waits in front of the first ROLLBACK. */
static void reject_waiting(struct hf_pool *pool, struct hf_lease *lease) {
  struct hf_link *link;
  while ((link = hf_list_first(&lease->waiting)) != NULL &&
         !is_whole_rollback(request_of(link))) {
    hf_timeouts_end(pool, request_of(link), HF_ROLLED_BACK);
  }
}

/* Ends what is in the way of a ROLLBACK that waits, or looks again later. */
static void make_way(struct hf_pool *pool, struct hf_request *rollback) {
  struct hf_lease *lease = rollback->lease;
  struct hf_request *head = request_of(hf_list_first(&lease->slot->running));
  uint64_t until_us = head->started_us + ROLLBACK_PATIENCE_US;
  bool urgent = (rollback->flags & HF_FLAG_URGENT) != 0;
  if (!may_be_ended(head)) {
    arm(pool, rollback, pool->now_us + ROLLBACK_PATIENCE_US);
  } else if (!urgent && pool->now_us < until_us) {
    arm(pool, rollback, until_us);
  } else {
    arm(pool, rollback, UINT64_MAX);
    reject_waiting(pool, lease);
    hf_timeouts_end(pool, head, HF_ROLLED_BACK);
  }
}

/* ---- the end of a transaction -------------------------------------------- */

/* ROLLBACK goes in the place of COMMIT; the world sees it by request.end. */
static void describe_rollback(struct hf_request *request) {
  static const char text[] = "ROLLBACK";
  hf_sql_scan(text, sizeof text - 1, &request->sql);
  request->flags |= HF_FLAG_URGENT;
  request->deadline_us = 0;
}

void hf_lease_turn_back(struct hf_pool *pool, struct hf_request *request) {
  describe_rollback(request);
  make_way(pool, request);
}

/* Decides, now that all before it has ended, what ends the transaction. */
static void take_turn(struct hf_pool *pool, struct hf_request *request) {
  uint64_t end_us = hf_transaction_take_turn(&request->end,
                                             request->lease->slot->transaction,
                                             request->deadline_us,
                                             pool->now_us);
  if (hf_transaction_rolls_back(&request->end)) {
    describe_rollback(request);
  } else if (end_us != UINT64_MAX) {
    request->deadline_us = end_us;
    request->flags |= HF_FLAG_CALLER_DEADLINE;
  }
}

/* ---- statements ---------------------------------------------------------- */

void hf_lease_submit(struct hf_pool *pool, struct hf_request *request) {
  struct hf_lease *lease = request->lease;
  if (lease->slot == NULL) {
    refuse_lost(pool, request);
    return;
  }
  hf_list_push(&lease->waiting, &request->link);
  hf_request_move(request, HF_REQUEST_WAITING);
  hf_lease_advance(pool, lease);
  if (request->state != HF_REQUEST_WAITING) {
    return;
  }
  if (is_whole_rollback(request)) {
    make_way(pool, request);
  } else {
    arm(pool, request, UINT64_MAX);
  }
}

void hf_lease_due(struct hf_pool *pool, struct hf_request *request) {
  if (request->deadline_us != 0 && pool->now_us >= request->deadline_us) {
    hf_timeouts_end(pool, request, HF_DEADLINE);
  } else {
    make_way(pool, request);
  }
}

void hf_lease_advance(struct hf_pool *pool, struct hf_lease *lease) {
  struct hf_slot *slot = lease->slot;
  struct hf_link *link;
  if (slot == NULL || !hf_list_empty(&slot->running)) {
    return;
  }
  link = hf_list_pop(&lease->waiting);
  if (link != NULL) {
    if (hf_transaction_is_ending(&request_of(link)->end)) {
      take_turn(pool, request_of(link));
    }
    hf_dispatch_start(pool, slot, request_of(link));
  } else if (lease->released) {
    hf_lease_release(pool, lease, lease->how);
  }
}

/* ---- the end ------------------------------------------------------------- */

/* The world has it back at the end of the turn, after its last answers. */
static void end(struct hf_pool *pool, struct hf_lease *lease) {
  if (!hf_link_queued(&lease->ending)) {
    hf_list_push(&pool->over, &lease->ending);
  }
}

/* The connection goes back as it is fit for the next user. */
static void give_back(struct hf_pool *pool, struct hf_lease *lease) {
  struct hf_slot *slot = lease->slot;
  slot->lease = NULL;
  lease->slot = NULL;
  if (lease->how == HF_RELEASE_CLOSE || lease->how == HF_RELEASE_FAIL) {
    hf_dispatch_close_slot(pool, slot);
  } else if (slot->transaction != 'I') {
    hf_stats_add(&pool->stats, HF_STAT_ROLLED_BACK_LEASES, 1);
    if (lease->how == HF_RELEASE_KEEP) {
      hf_advise(pool, slot, HF_ADVICE_ROLLED_BACK);
    }
    hf_reset_begin(pool, slot, HF_RESET_ROLLBACK);
  } else if (slot->forget || slot->restore) {
    hf_reset_begin(pool, slot, HF_RESET_FORGET);
  } else {
    hf_dispatch_free_slot(pool, slot);
  }
}

static bool is_owing(const struct hf_lease *lease) {
  return lease->slot != NULL && (!hf_list_empty(&lease->slot->running) ||
                                 !hf_list_empty(&lease->waiting));
}

/* Closes the connection, or lets it serve. */
static void end_greeting(struct hf_pool *pool, struct hf_lease *lease) {
  struct hf_slot *slot = lease->slot;
  if (lease->how == HF_RELEASE_KEEP) {
    hf_greeting_succeed(pool, lease);
    give_back(pool, lease);
    return;
  }
  if (lease->how == HF_RELEASE_CUT) {
    lease->how = HF_RELEASE_CLOSE;
  }
  hf_greeting_fail(pool, lease, slot, lease->how == HF_RELEASE_FAIL);
  if (is_owing(lease)) {
    hf_janitor_lose_with(pool, slot, HF_RELEASED);
  } else {
    give_back(pool, lease);
  }
}

void hf_lease_release(struct hf_pool *pool,
                      struct hf_lease *lease,
                      enum hf_release how) {
  if (lease->released && lease->slot == NULL) {
    return;
  }
  lease->released = true;
  lease->how = how;
  if (is_owing(lease) && how == HF_RELEASE_KEEP) {
    return; /* hf_lease_advance comes back to it */
  }
  if (lease->greets) {
    end_greeting(pool, lease);
    end(pool, lease);
    return;
  }
  hf_stats_record(&pool->stats,
                  HF_HISTOGRAM_LEASE_TIME,
                  pool->now_us - lease->granted_us);
  if (is_owing(lease)) {
    hf_janitor_lose_with(pool, lease->slot, HF_RELEASED);
  } else if (lease->slot != NULL) {
    give_back(pool, lease);
  }
  end(pool, lease);
}

void hf_lease_lose(struct hf_pool *pool,
                   struct hf_lease *lease,
                   const struct hf_error *error) {
  struct hf_evidence context;
  struct hf_link *link;
  hf_error_copy(&lease->lost, error);
  if (error->outcome == HF_OUTCOME_NONE) {
    /* It died between two statements. */
    memset(&context, 0, sizeof context);
    context.in_transaction = lease->slot->transaction != 'I';
    context.nothing_sent = true;
    (void)hf_classify_error(&lease->lost, &context);
  } else if (error->unit == HF_UNIT_STATEMENT) {
    /* The statement in flight is a thing of its own: the next never ran. */
    lease->lost.outcome = HF_OUTCOME_NOT_EXECUTED;
  }
  if (lease->greets) {
    hf_greeting_fail(pool, lease, lease->slot, lease->overdue);
  }
  lease->slot = NULL;
  while ((link = hf_list_pop(&lease->waiting)) != NULL) {
    refuse_lost(pool, request_of(link));
  }
  if (lease->released) {
    end(pool, lease);
  }
}
