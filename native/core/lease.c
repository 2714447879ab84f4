/* SPDX-License-Identifier: MIT */
/* Exclusive use of a connection, statement by statement. */
#include "lease.h"

#include <assert.h>
#include <string.h>

#include "outcome.h"
#include "pool.h"
#include "scheduler.h"

void hf_lease_init(struct hf_lease *lease, void *owner) {
  memset(lease, 0, sizeof *lease);
  lease->owner = owner;
  hf_list_init(&lease->waiting);
  hf_error_init(&lease->lost);
}

void hf_lease_finish(struct hf_lease *lease) {
  assert(lease->slot == NULL);
  assert(hf_list_empty(&lease->waiting));
  hf_error_finish(&lease->lost);
}

void hf_lease_grant(struct hf_pool *pool,
                    struct hf_request *request,
                    struct hf_slot *slot) {
  struct hf_lease *lease = request->lease;
  slot->lease = lease;
  lease->slot = slot;
  lease->granted_us = pool->now_us;
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

void hf_lease_submit(struct hf_pool *pool, struct hf_request *request) {
  struct hf_lease *lease = request->lease;
  if (lease->slot == NULL) {
    refuse_lost(pool, request);
    return;
  }
  hf_list_push(&lease->waiting, &request->link);
  hf_request_move(request, HF_REQUEST_WAITING);
  hf_lease_advance(pool, lease);
}

void hf_lease_advance(struct hf_pool *pool, struct hf_lease *lease) {
  struct hf_slot *slot = lease->slot;
  struct hf_request *request;
  struct hf_link *link;
  if (slot == NULL || !hf_list_empty(&slot->running)) {
    return;
  }
  link = hf_list_pop(&lease->waiting);
  if (link == NULL) {
    return;
  }
  request = HF_CONTAINER_OF(link, struct hf_request, link);
  hf_scheduler_start(pool, slot, request);
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
    (void)hf_error_classify(&lease->lost, &context);
  } else if (error->unit == HF_UNIT_STATEMENT) {
    /* The statement in flight is a thing of its own: the next never ran. */
    lease->lost.outcome = HF_OUTCOME_NOT_EXECUTED;
  }
  lease->slot = NULL;
  while ((link = hf_list_pop(&lease->waiting)) != NULL) {
    refuse_lost(pool, HF_CONTAINER_OF(link, struct hf_request, link));
  }
}
