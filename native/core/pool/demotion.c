/* SPDX-License-Identifier: MIT */
#include "core/pool/demotion.h"

#include <string.h>

#include "core/pool/dispatch.h"
#include "core/pool/outcome.h"
#include "core/pool/queue.h"
#include "core/pool/size.h"
#include "core/pool/state.h"

enum { REMEMBER_US = 5 * 1000 * 1000 };

static const char read_only[] = "25006";

/*
 * SQL can raise the code itself, and a transaction may be read-only by choice.
 * A request whose outcome is in doubt is not sent to another server: it may
 * have been executed on this one.
 */
static bool is_servers(const struct hf_request *request) {
  const char *routine = hf_error_field(&request->error, 'R');
  return request->slot != NULL &&
         strcmp(request->error.sqlstate, read_only) == 0 &&
         request->error.outcome != HF_OUTCOME_AMBIGUOUS &&
         !hf_request_must_not_write(request) &&
         !request->slot->read_only_transaction &&
         request->server_role != HF_ROLE_WRITES &&
         (routine == NULL || strcmp(routine, "exec_stmt_raise") != 0);
}

static bool is_known(const struct hf_pool *pool) {
  return pool->now_us < pool->demoted_until_us;
}

/*
 * Answers the requests that wait for a newer connection with the error of their
 * last attempt.
 */
static void fail_waiting_for_newer(struct hf_pool *pool) {
  struct hf_link *link;
  struct hf_link *after;
  HF_LIST_EACH_SAFE(link, after, &pool->waiting) {
    struct hf_request *request = HF_CONTAINER_OF(link, struct hf_request, link);
    if (request->newer_than != 0) {
      hf_queue_leave(pool, request);
      request->error.retryable = false;
      hf_outcome_settle(pool, request);
    }
  }
}

static void remember(struct hf_pool *pool) {
  pool->demoted_until_us = pool->now_us + REMEMBER_US;
  pool->demoted_serial = 0;
  pool->newer_wanted = false;
  pool->answered_us = 0; /* the next health check must ask the server */
  fail_waiting_for_newer(pool);
}

enum hf_demotion hf_demotion_judge(struct hf_pool *pool,
                                   struct hf_request *request) {
  struct hf_slot *slot = request->slot;
  if (!is_servers(request)) {
    return HF_DEMOTION_NONE;
  }
  if (is_known(pool) || pool->state != HF_POOL_STATE_OPEN) {
    return HF_DEMOTION_FAIL;
  }
  if (pool->demoted_serial != 0 && slot->serial > pool->demoted_serial) {
    remember(pool);
    return HF_DEMOTION_FAIL;
  }
  if (pool->demoted_serial == 0) {
    pool->demoted_serial = pool->last_serial;
  }
  slot->demoted = true;
  pool->newer_wanted = hf_pool_count(pool, HF_SLOT_CONNECTING) == 0;
  request->error.retryable = true;
  if (request->kind != HF_REQUEST_QUERY ||
      request->retries >= request->max_retries) {
    return HF_DEMOTION_FAIL_FOR_NOW;
  }
  request->newer_than = pool->demoted_serial;
  return HF_DEMOTION_RETRY;
}

bool hf_demotion_discards(const struct hf_pool *pool) {
  return !hf_size_has_room(pool) &&
         hf_pool_count(pool, HF_SLOT_CONNECTING) == 0 &&
         hf_pool_count(pool, HF_SLOT_CLOSING) == 0;
}

/* Closes the connections to the demoted server as soon as they are free. */
static void retire_demoted(struct hf_pool *pool) {
  int32_t i;
  for (i = 0; i < pool->n_slots; i++) {
    struct hf_slot *slot = hf_pool_slot(pool, i);
    if (!slot->demoted) {
      continue;
    }
    slot->demoted = false;
    hf_slot_retire(slot);
    if (slot->state == HF_SLOT_IDLE) {
      hf_dispatch_close_slot(pool, slot);
    }
  }
}

void hf_demotion_note_write(struct hf_pool *pool, struct hf_slot *slot) {
  slot->demoted = false;
  pool->demoted_until_us = 0;
  if (pool->demoted_serial != 0 && slot->serial > pool->demoted_serial) {
    pool->demoted_serial = 0;
    retire_demoted(pool);
  }
}

void hf_demotion_note_refused_connect(struct hf_pool *pool) {
  if (pool->demoted_serial != 0 &&
      strcmp(pool->connect_error.sqlstate, read_only) == 0) {
    remember(pool);
  }
}

void hf_demotion_stop_search(struct hf_pool *pool) {
  struct hf_link *link;
  HF_LIST_EACH(link, &pool->waiting) {
    HF_CONTAINER_OF(link, struct hf_request, link)->newer_than = 0;
  }
  pool->waiting_for_newer = 0;
  pool->newer_wanted = false;
}

bool hf_demotion_allows(const struct hf_request *request,
                        const struct hf_slot *slot) {
  return request->newer_than == 0 || slot->serial > request->newer_than;
}

/*
 * Returns true when a newer connection exists or is being opened, so that no
 * other is needed.
 */
static bool is_trying_newer(const struct hf_pool *pool) {
  static const enum hf_slot_state tried[] = {HF_SLOT_IDLE,
                                             HF_SLOT_BUSY,
                                             HF_SLOT_CHECKING};
  struct hf_link *link;
  size_t i;
  for (i = 0; i < sizeof tried / sizeof *tried; i++) {
    HF_LIST_EACH(link, &pool->slots_in[tried[i]]) {
      if (hf_slot_of(link)->serial > pool->demoted_serial) {
        return true;
      }
    }
  }
  return false;
}

size_t hf_demotion_demand(const struct hf_pool *pool) {
  size_t others = pool->waiting.count - pool->waiting_for_newer;
  if (pool->waiting_for_newer == 0 && !pool->newer_wanted) {
    return others;
  }
  return others + (pool->demoted_serial != 0 && is_trying_newer(pool) ? 0 : 1);
}
