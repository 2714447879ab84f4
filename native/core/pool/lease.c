/* SPDX-License-Identifier: MIT */
#include "core/pool/lease.h"

#include <assert.h>
#include <string.h>

#include "core/policy/classify_error.h"
#include "core/pool/outcome.h"
#include "core/pool/state.h"
#include "core/sql/command.h"

static struct hf_request *request_of(struct hf_link *link) {
  return HF_CONTAINER_OF(link, struct hf_request, link);
}

void hf_lease_init(struct hf_lease *lease, void *owner) {
  memset(lease, 0, sizeof *lease);
  lease->owner = owner;
  hf_list_init(&lease->waiting);
  hf_error_init(&lease->loss);
}

void hf_lease_finish(struct hf_lease *lease) {
  assert(lease->slot == NULL);
  assert(!hf_link_queued(&lease->ending));
  assert(hf_list_empty(&lease->waiting));
  hf_error_finish(&lease->loss);
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

void hf_lease_refuse(struct hf_pool *pool, struct hf_request *request) {
  const struct hf_lease *lease = request->lease;
  struct hf_error *error = &request->error;
  if (lease->loss.status == HF_OK) {
    hf_error_set(error, HF_RELEASED, HF_PHASE_LOCAL, NULL);
    error->outcome = HF_OUTCOME_NOT_EXECUTED;
  } else {
    hf_error_copy(error, &lease->loss);
    error->phase = HF_PHASE_LOCAL;
  }
  hf_outcome_settle(pool, request);
}

void hf_lease_end(struct hf_pool *pool, struct hf_lease *lease) {
  if (!hf_link_queued(&lease->ending)) {
    hf_list_push(&pool->ended_leases, &lease->ending);
  }
}

void hf_lease_lose(struct hf_pool *pool,
                   struct hf_lease *lease,
                   const struct hf_error *error) {
  struct hf_evidence context;
  struct hf_link *link;
  hf_error_copy(&lease->loss, error);
  if (error->outcome == HF_OUTCOME_NONE) {
    /* It was lost between two statements. */
    memset(&context, 0, sizeof context);
    context.in_transaction = lease->slot->transaction != 'I';
    context.nothing_sent = true;
    (void)hf_classify_error(&lease->loss, &context);
  } else if (error->unit == HF_UNIT_STATEMENT) {
    /*
     * Only the statement in flight is affected: later ones were never executed.
     */
    lease->loss.outcome = HF_OUTCOME_NOT_EXECUTED;
  }
  lease->slot = NULL;
  while ((link = hf_list_pop(&lease->waiting)) != NULL) {
    hf_lease_refuse(pool, request_of(link));
  }
  if (lease->released) {
    hf_lease_end(pool, lease);
  }
}
