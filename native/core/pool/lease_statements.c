/* SPDX-License-Identifier: MIT */
#include "core/pool/lease_statements.h"

#include "core/pool/interrupt.h"
#include "core/pool/lease.h"
#include "core/pool/lease_release.h"
#include "core/pool/state.h"

/* How long a ROLLBACK waits for the statement in front of it. */

enum { ROLLBACK_PATIENCE_US = 100 * 1000 };

static struct hf_request *request_of(struct hf_link *link) {
  return HF_CONTAINER_OF(link, struct hf_request, link);
}

static bool is_whole_rollback(const struct hf_request *request) {
  const struct hf_sql_info *sql = &request->sql;
  return !sql->multiple && (sql->kind == HF_SQL_ROLLBACK ||
                            sql->kind == HF_SQL_ROLLBACK_AND_CHAIN);
}

/*
 * Returns true when ending the statement does what the ROLLBACK asks for. A
 * statement outside a transaction commits by itself and is not ended.
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

/* Refuses the statements that wait in front of the first ROLLBACK. */
static void reject_waiting(struct hf_pool *pool, struct hf_lease *lease) {
  struct hf_link *link;
  while ((link = hf_list_first(&lease->waiting)) != NULL &&
         !is_whole_rollback(request_of(link))) {
    hf_interrupt_request(pool, request_of(link), HF_ROLLED_BACK);
  }
}

/*
 * Ends the statements in front of a waiting ROLLBACK, or sets a timer to look
 * again later.
 */
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
    hf_interrupt_request(pool, head, HF_ROLLED_BACK);
  }
}

void hf_lease_submit(struct hf_pool *pool, struct hf_request *request) {
  struct hf_lease *lease = request->lease;
  if (lease->slot == NULL) {
    hf_lease_refuse(pool, request);
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

void hf_lease_interrupt(struct hf_pool *pool,
                        struct hf_request *request,
                        enum hf_status status) {
  switch (hf_transaction_stop(&request->end, status)) {
  case HF_TRANSACTION_STOP:
    hf_interrupt_request(pool, request, status);
    break;
  case HF_TRANSACTION_ROLL_BACK:
    hf_interrupt_count(pool, status);
    hf_lease_turn_into_rollback(request);
    make_way(pool, request);
    break;
  case HF_TRANSACTION_CARRY_ON:
    break;
  }
}

void hf_lease_due(struct hf_pool *pool, struct hf_request *request) {
  if (request->deadline_us != 0 && pool->now_us >= request->deadline_us) {
    hf_lease_interrupt(pool, request, HF_DEADLINE);
  } else {
    make_way(pool, request);
  }
}
