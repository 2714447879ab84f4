/* SPDX-License-Identifier: MIT */
/* A random user: queries, leases, releases, what is done to a whole pool. */
#include <stdlib.h>

#include "model.h"

enum {
  MAX_RETRIES = 3,
  CHECK_MS = 5000 /* how long a check-up may take */
};

uint32_t calls_alive(void) {
  const struct call *call;
  uint32_t n = 0;

  for (call = model.features.sim.calls; call != NULL; call = call->next) {
    n++;
  }
  return n;
}

/* Returns a random call for which `fits` says yes, or NULL. */
static struct call *pick(bool (*fits)(const struct call *call)) {
  struct call *found = NULL;
  struct call *call;
  uint32_t n = 0;

  for (call = model.features.sim.calls; call != NULL; call = call->next) {
    if (fits(call)) {
      n++;
      if (draw(n) == 0) {
        found = call;
      }
    }
  }
  return found;
}

/* A call of the user that has not come back. */
static bool is_alive(const struct call *call) {
  return call->returned == 0 && entry_of(call) != NULL;
}

static bool is_held(const struct call *call) {
  return call->request.kind == HF_REQUEST_ACQUIRE && call->answered == 1 &&
         call->error.status == HF_OK && !call->released;
}

/* A lease still used by a statement that has not come back. */
static bool is_used(const struct call *lease) {
  const struct call *call;

  for (call = model.features.sim.calls; call != NULL; call = call->next) {
    if (call->returned == 0 && call->request.lease == &lease->lease) {
      return true;
    }
  }
  return false;
}

/* Forgets calls that are over, so that a run does not grow. */
void sweep_calls(void) {
  struct call **at = &model.features.sim.calls;

  while (*at != NULL) {
    struct call *call = *at;

    if (call->returned == 0 || is_held(call) || call->released != call->over ||
        (call->request.kind == HF_REQUEST_ACQUIRE && is_used(call))) {
      at = &call->next;
      continue;
    }
    assert_int_equal(call->answered, 1);
    *at = call->next;
    hf_lease_finish(&call->lease);
    hf_request_finish(&call->request);
    hf_error_finish(&call->error);
    hf_error_finish(&call->cause);
    free(call->mark);
    free(call);
  }
}

static struct call *new_call(enum hf_request_kind kind) {
  struct call *call = sim_make(&model.features.sim, kind);
  struct hf_request *request = &call->request;
  struct entry *entry = calloc(1, sizeof(*entry));

  assert_non_null(entry);
  entry->call = call;
  entry->arrival = ++model.arrivals;
  call->mark = entry;
  request->owner = &model.owners[draw(OWNERS)];
  request->max_retries = (int32_t)draw(MAX_RETRIES + 1);
  request->usual_us = chance(80) ? 1 : draw(2) * US;
  if (chance(60)) {
    request->deadline_us = model.features.sim.now_us + (1 + draw(9000)) * US;
  }
  if (chance(30)) {
    request->acquire_us = model.features.sim.now_us + (1 + draw(3000)) * US;
  }
  if (chance(30)) {
    request->timeout_us = (1 + draw(3000)) * US;
  }
  if (chance(20)) {
    request->flags |= HF_FLAG_CALLER_DEADLINE;
  }
  if (chance(20)) {
    request->flags |= HF_FLAG_IDEMPOTENT;
  }
  if (chance(5)) {
    request->flags |= HF_FLAG_READ_ONLY;
  }
  return call;
}

void do_query(void) {
  static const enum hf_sql_kind kinds[] = {HF_SQL_SELECT,
                                           HF_SQL_SELECT,
                                           HF_SQL_SELECT,
                                           HF_SQL_INSERT,
                                           HF_SQL_UPDATE,
                                           HF_SQL_CALL,
                                           HF_SQL_BEGIN};
  struct call *call = new_call(HF_REQUEST_QUERY);

  sim_describe(&call->request, kinds[draw(sizeof(kinds) / sizeof(kinds[0]))]);
  if (chance(5)) {
    sim_describe(&call->request, HF_SQL_SELECT);
    call->request.flags |= HF_FLAG_PROBE;
  }
  sim_submit(&model.features.sim, call);
  if ((call->request.flags & HF_FLAG_PROBE) != 0 && call->answered == 1) {
    assert_int_not_equal(call->error.status, HF_QUEUE_FULL);
  }
}

void do_acquire(void) {
  sim_submit(&model.features.sim, new_call(HF_REQUEST_ACQUIRE));
}

void do_statement(void) {
  static const enum hf_sql_kind kinds[] = {HF_SQL_SELECT,
                                           HF_SQL_INSERT,
                                           HF_SQL_BEGIN,
                                           HF_SQL_COMMIT,
                                           HF_SQL_ROLLBACK,
                                           HF_SQL_CALL};
  struct call *lease = pick(is_held);
  struct call *call;

  if (lease == NULL) {
    return;
  }
  call = new_call(HF_REQUEST_STATEMENT);
  sim_describe(&call->request, kinds[draw(sizeof(kinds) / sizeof(kinds[0]))]);
  call->request.sql.session_state = chance(20);
  call->request.lease = &lease->lease;
  call->request.owner = lease->request.owner;
  sim_submit(&model.features.sim, call);
}

void do_abort(void) {
  struct call *call = pick(is_alive);

  if (call != NULL) {
    sim_abort(&model.features.sim, call);
  }
}

void do_release(void) {
  struct call *lease = pick(is_held);

  if (lease != NULL) {
    enum hf_release how = (enum hf_release)draw(4);

    sim_release(&model.features.sim, lease, how);
    assert_int_equal(lease->over, lease->lease.slot == NULL);
    assert_true(lease->over || how == HF_RELEASE_KEEP);
  }
}

void do_finish(void) {
  struct call *lease = pick(is_held);
  bool commit = chance(70);
  struct call *call;

  if (lease == NULL) {
    return;
  }
  call = new_call(HF_REQUEST_STATEMENT);
  sim_describe(&call->request, commit ? HF_SQL_COMMIT : HF_SQL_ROLLBACK);
  call->request.lease = &lease->lease;
  call->request.owner = lease->request.owner;
  call->request.flags |= commit ? 0 : HF_FLAG_URGENT;
  hf_transaction_end(&call->request.end, commit, draw(2) * draw(3000) * US);
  sim_submit(&model.features.sim, call);
  sim_release(&model.features.sim, lease, HF_RELEASE_KEEP);
}

void do_drop_owner(void) {
  hf_pool_drop_owner(&model.features.sim.pool,
                     &model.owners[draw(OWNERS)],
                     chance(50),
                     model.features.sim.now_us);
  hf_pool_assert(&model.features.sim.pool);
}

void do_warm(void) {
  hf_pool_warm(&model.features.sim.pool,
               (int32_t)draw(MAX_MOST + 2),
               model.features.sim.now_us);
  hf_pool_assert(&model.features.sim.pool);
}

void do_warmup(void) {
  if (features_can_call(&model.features)) {
    features_warm(&model.features, chance(40) ? 0 : 1 + draw(9000), chance(30));
  }
}

void do_health(void) {
  if (features_can_call(&model.features)) {
    features_check(&model.features, 1 + draw(3000));
  }
}

/* The end of all handles that warm up or check health. */
void do_end_owner(void) {
  hf_warmup_end_owner(&model.features.warmup, &model.features);
  hf_health_end_owner(&model.features.health, &model.features);
}

void do_reset(void) {
  hf_pool_reset(&model.features.sim.pool, model.features.sim.now_us);
  hf_pool_assert(&model.features.sim.pool);
}

void do_suspension(void) {
  if (model.features.sim.pool.state == HF_POOL_STATE_SUSPENDED) {
    sim_resume(&model.features.sim);
  } else if (chance(20)) {
    sim_suspend(&model.features.sim);
  }
}

/* The simulation asserts what must follow from these two. */
void do_check_ups(void) {
  if (chance(70)) {
    sim_ping_idle(&model.features.sim);
  } else {
    sim_deallocate(&model.features.sim);
  }
}

/* No connection stays in a check-up for longer than that may take. */
static void assert_checked_in_time(void) {
  const struct sim *sim = &model.features.sim;
  struct hf_link *link;

  HF_LIST_EACH(link, &sim->pool.slots_in[HF_SLOT_CHECKING]) {
    const struct hf_slot *slot = HF_CONTAINER_OF(link, struct hf_slot, link);

    assert_true(sim->now_us - slot->since_us < CHECK_MS * US);
  }
}

void do_wait(void) {
  features_advance(&model.features, chance(90) ? draw(50) : draw(12000));
  assert_checked_in_time();
}
