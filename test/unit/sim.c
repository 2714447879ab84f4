/* SPDX-License-Identifier: MIT */
#include "sim.h"

#include <stdlib.h>
#include <string.h>

#include "core/policy/budget.h"
#include "core/policy/retry.h"

enum { START_US = 1000000, CLOSING_STEPS = 10000, GRACE_MS = 1000 };

static struct call *call_of(struct hf_request *request) {
  return HF_CONTAINER_OF(request, struct call, request);
}

static size_t index_of(const struct sim *sim, const struct hf_slot *slot) {
  int32_t i = 0;
  while (hf_pool_slot(&sim->pool, i) != slot) {
    i++;
  }
  return (size_t)i;
}

static void record(struct sim *sim,
                   enum sim_op op,
                   struct hf_slot *slot,
                   struct call *call) {
  struct sim_record *entry;

  sim->counts[op]++;
  entry = &sim->records[sim->n_records % SIM_RECORDS];
  sim->n_records++;
  entry->op = op;
  entry->slot = slot;
  entry->call = call;
  entry->at_us = sim->now_us;
}

/* ---- operations: each asserts that it makes sense ------------------------ */

static void on_connect(void *ctx, struct hf_slot *slot) {
  struct sim *sim = ctx;
  struct sim_conn *conn = sim_conn(sim, slot);

  assert_true(sim->pool.state == HF_POOL_STATE_OPEN ||
              sim->pool.state == HF_POOL_STATE_DRAINING);
  assert_int_equal(slot->state, HF_SLOT_CONNECTING);
  assert_int_equal(conn->link, LINK_NONE);
  assert_int_equal(conn->n_in_flight, 0);
  conn->link = LINK_OPENING;
  conn->dead = false;
  conn->must_ping = false;
  conn->must_deallocate = false;
  conn->cancelling = false;
  conn->rolling_back = false;
  record(sim, SIM_CONNECT, slot, NULL);
}

static struct hf_lease *on_begin_hook(void *ctx, struct hf_slot *slot) {
  struct sim *sim = ctx;
  struct call *call;

  assert_int_equal(sim_conn(sim, slot)->link, LINK_OPEN);
  if (!sim->has_hook) {
    return NULL;
  }
  call = sim_make(sim, HF_REQUEST_ACQUIRE);
  call->answered = 1; /* it is lent without having been asked for */
  call->returned = 1;
  sim->hook = call;
  return &call->lease;
}

static bool on_usable(void *ctx, struct hf_slot *slot) {
  struct sim *sim = ctx;
  struct sim_conn *conn = sim_conn(sim, slot);

  assert_int_equal(conn->link, LINK_OPEN);
  assert_int_equal(conn->n_in_flight, 0);
  return !conn->dead;
}

static void on_execute(void *ctx,
                       struct hf_slot *slot,
                       struct hf_request *request) {
  struct sim *sim = ctx;
  struct sim_conn *conn = sim_conn(sim, slot);
  struct call *call = call_of(request);

  assert_int_equal(conn->link, LINK_OPEN);
  assert_false(conn->rolling_back);
  assert_false(conn->must_ping);
  assert_false(conn->cancelling);
  assert_true(request->kind == HF_REQUEST_STATEMENT ||
              sim->pool.state != HF_POOL_STATE_SUSPENDED);
  assert_int_equal(request->state, HF_REQUEST_RUNNING);
  assert_true(slot->state == HF_SLOT_BUSY || slot->state == HF_SLOT_LEASED);
  assert_int_equal(call->returned, 0);
  assert_int_equal(call->answered, 0);
  if (slot->proxied || slot->state == HF_SLOT_LEASED) {
    assert_int_equal(conn->n_in_flight, 0);
  }
  assert_in_range(conn->n_in_flight, 0, SIM_IN_FLIGHT - 1);
  conn->in_flight[conn->n_in_flight] = call;
  conn->n_in_flight++;
  call->sent++;
  record(sim, SIM_EXECUTE, slot, call);
  if (sim->on_execute != NULL) {
    sim->on_execute(sim, call);
  }
}

static void on_cancel(void *ctx, struct hf_slot *slot) {
  struct sim *sim = ctx;
  struct sim_conn *conn = sim_conn(sim, slot);

  assert_int_equal(conn->link, LINK_OPEN);
  assert_int_equal(conn->n_in_flight, 1);
  conn->cancelling = true;
  record(sim, SIM_CANCEL, slot, conn->in_flight[0]);
}

static void check_up(struct sim *sim, struct hf_slot *slot, enum sim_op op) {
  struct sim_conn *conn = sim_conn(sim, slot);

  assert_int_equal(slot->state, HF_SLOT_CHECKING);
  assert_int_equal(conn->link, LINK_OPEN);
  assert_int_equal(conn->n_in_flight, 0);
  assert_false(conn->rolling_back);
  conn->rolling_back = true;
  record(sim, op, slot, NULL);
}

static void on_rollback(void *ctx, struct hf_slot *slot) {
  check_up(ctx, slot, SIM_ROLLBACK);
}

static void on_ping(void *ctx, struct hf_slot *slot) {
  sim_conn(ctx, slot)->must_ping = false;
  check_up(ctx, slot, SIM_PING);
}

static void on_deallocate(void *ctx, struct hf_slot *slot) {
  sim_conn(ctx, slot)->must_deallocate = false;
  check_up(ctx, slot, SIM_DEALLOCATE);
}

static struct hf_request *on_replace(void *ctx, struct hf_request *request) {
  struct sim *sim = ctx;
  struct sim_conn *conn = sim_conn(sim, request->slot);
  struct call *stand_in = sim_make(sim, request->kind);
  int i = 0;

  while (conn->in_flight[i] != call_of(request)) {
    i++;
    assert_in_range(i, 1, conn->n_in_flight - 1);
  }
  conn->in_flight[i] = stand_in;
  stand_in->request.settled = true;
  stand_in->request.orphan = true;
  stand_in->answered = 1;
  stand_in->sent = 1;
  record(sim, SIM_REPLACE, request->slot, call_of(request));
  return &stand_in->request;
}

static void on_prove(void *ctx, struct hf_slot *slot, enum hf_proof_step step) {
  struct sim *sim = ctx;
  struct sim_conn *conn = sim_conn(sim, slot);

  assert_int_equal(slot->proof, step);
  assert_int_equal(conn->rolling_back, step == HF_PROOF_SECOND);
  conn->rolling_back = false;
  check_up(sim, slot, SIM_PROVE);
}

static bool on_probe(void *ctx, struct hf_slot *slot) {
  struct sim *sim = ctx;
  struct sim_conn *conn = sim_conn(sim, slot);

  assert_false(conn->probing);
  record(sim, SIM_PROBE, slot, NULL);
  conn->probing = !sim->cannot_probe;
  return conn->probing;
}

static void on_close(void *ctx, struct hf_slot *slot) {
  struct sim *sim = ctx;
  struct sim_conn *conn = sim_conn(sim, slot);

  assert_int_equal(slot->state, HF_SLOT_CLOSING);
  assert_true(conn->link == LINK_OPENING || conn->link == LINK_OPEN);
  conn->link = LINK_CLOSING;
  conn->rolling_back = false;
  record(sim, SIM_CLOSE, slot, NULL);
}

static void on_deliver(void *ctx, struct hf_request *request) {
  struct sim *sim = ctx;
  struct call *call = call_of(request);
  bool done = request->state == HF_REQUEST_DONE;

  assert_int_equal(call->returned, 0);
  if (done) {
    call->returned = 1;
    assert_int_equal(call->answered, request->settled ? 1 : 0);
    assert_false(hf_link_queued(&request->link));
    assert_false(hf_link_queued(&request->of_all));
    assert_false(request->timer.queued);
  } else {
    assert_int_equal(request->state, HF_REQUEST_RUNNING);
  }
  if (call->answered == 0) {
    call->answered = 1;
    call->answered_us = sim->now_us;
    sim->answers++;
    sim->lent +=
        request->kind == HF_REQUEST_ACQUIRE && request->error.status == HF_OK;
    call->order = sim->answers;
    hf_error_copy(&call->error, &request->error);
    hf_error_copy(&call->cause, &request->cause);
    if (sim->on_answer != NULL) {
      sim->on_answer(sim, call);
    }
  } else {
    assert_true(done);
  }
}

static void on_released(void *ctx, struct hf_lease *lease) {
  struct call *call = HF_CONTAINER_OF(lease, struct call, lease);
  struct call *other;
  struct sim *sim = ctx;

  assert_true(call->released);
  assert_false(call->over);
  assert_null(lease->slot);
  call->over = true;
  for (other = sim->calls; other != NULL; other = other->next) {
    assert_true(other->request.lease != lease || other->returned == 1 ||
                other == call || other->request.state == HF_REQUEST_NEW);
  }
}

static void on_event(void *ctx,
                     struct hf_slot *slot,
                     enum hf_event event,
                     const struct hf_error *error) {
  struct sim *sim = ctx;

  (void)slot;
  assert_in_range(event, 0, SIM_EVENTS - 1);
  sim->events[event]++;
  if (error != NULL) {
    sim->event_status = error->status;
  }
}

static void on_closed(void *ctx) {
  struct sim *sim = ctx;
  size_t i;

  assert_false(sim->closed);
  assert_int_equal(sim->pool.state, HF_POOL_STATE_CLOSED);
  for (i = 0; i < SIM_SLOTS; i++) {
    assert_int_equal(sim->conns[i].link, LINK_NONE);
    assert_int_equal(sim->conns[i].n_in_flight, 0);
  }
  sim->closed = true;
}

static uint32_t on_random(void *ctx) {
  struct sim *sim = ctx;

  if (sim->seed == 0) {
    return sim->random;
  }
  sim->seed ^= sim->seed << 13;
  sim->seed ^= sim->seed >> 7;
  sim->seed ^= sim->seed << 17;
  return (uint32_t)(sim->seed >> 16);
}

static const struct hf_pool_io operations = {NULL,
                                             on_connect,
                                             on_begin_hook,
                                             on_usable,
                                             on_execute,
                                             on_cancel,
                                             on_rollback,
                                             on_ping,
                                             on_deallocate,
                                             on_replace,
                                             on_prove,
                                             on_probe,
                                             on_close,
                                             on_deliver,
                                             on_released,
                                             on_event,
                                             on_closed,
                                             on_random};

static void assert_idle_are_fit(struct sim *sim) {
  size_t i;

  for (i = 0; i < (size_t)sim->pool.n_slots; i++) {
    if (hf_pool_slot(&sim->pool, (int32_t)i)->state == HF_SLOT_IDLE) {
      assert_false(sim->conns[i].must_deallocate);
      assert_false(sim->conns[i].must_ping);
      assert_int_equal(sim->pool.state, HF_POOL_STATE_OPEN);
    }
  }
}

void sim_settle(struct sim *sim) {
  hf_pool_assert(&sim->pool);
  assert_idle_are_fit(sim);
  if (!sim->manual_close) {
    sim_finish_closing(sim);
  }
}

/* ---- life ---------------------------------------------------------------- */

struct hf_config sim_config(int32_t max) {
  struct hf_config config;

  hf_config_init(&config);
  config.max = max;
  return config;
}

void sim_open(struct sim *sim, const struct hf_config *config) {
  struct hf_pool_io ops = operations;

  assert_in_range(config->max, 1, SIM_SLOTS);
  memset(sim, 0, sizeof(*sim));
  hf_budget_init(hf_retry_budget());
  sim->now_us = START_US;
  sim->random = UINT32_MAX;
  ops.ctx = sim;
  assert_int_equal(hf_pool_init(&sim->pool, config, &ops, sim->now_us), HF_OK);
  hf_pool_assert(&sim->pool);
}

void sim_open_max(struct sim *sim, int32_t max) {
  struct hf_config config = sim_config(max);

  sim_open(sim, &config);
}

/* Answers one thing that is open; returns whether there was one. */
static bool answer_something(struct sim *sim) {
  size_t i;

  for (i = 0; i < (size_t)sim->pool.n_slots; i++) {
    struct hf_slot *slot = hf_pool_slot(&sim->pool, (int32_t)i);
    struct sim_conn *conn = &sim->conns[i];

    if (conn->link == LINK_CLOSING) {
      sim_closed(sim, slot);
      return true;
    }
    if (conn->link == LINK_OPEN && conn->n_in_flight > 0) {
      sim_answer(sim, conn->in_flight[0], 'I');
      return true;
    }
    if (conn->link == LINK_OPEN && slot->proof != HF_PROOF_NONE) {
      sim_proved(sim, slot, HF_PROOF_INCONCLUSIVE);
      return true;
    }
    if (conn->link == LINK_OPEN && conn->rolling_back) {
      sim_checked(sim, slot);
      return true;
    }
  }
  return false;
}

static void release_all(struct sim *sim) {
  struct call *call;

  for (call = sim->calls; call != NULL; call = call->next) {
    if (call->request.kind == HF_REQUEST_ACQUIRE && call->answered == 1 &&
        call->error.status == HF_OK && !call->released) {
      sim_release(sim, call, HF_RELEASE_KEEP);
    }
  }
}

static void answer_everything(struct sim *sim) {
  int steps;

  release_all(sim);
  for (steps = 0; answer_something(sim); steps++) {
    assert_in_range(steps, 0, CLOSING_STEPS);
    release_all(sim);
  }
}

void sim_close(struct sim *sim) {
  struct call *call;

  if (hf_pool_takes_requests(&sim->pool)) {
    sim_end(sim);
  }
  answer_everything(sim);
  if (!sim->closed) {
    /* Nothing more comes of what waits: its time ends. */
    sim_advance(sim, (uint64_t)sim->pool.config.drain_ms + GRACE_MS);
    answer_everything(sim);
  }
  assert_true(sim->closed);
  hf_pool_finish(&sim->pool);
  while (sim->calls != NULL) {
    call = sim->calls;
    sim->calls = call->next;
    if (call->request.state != HF_REQUEST_NEW) {
      assert_int_equal(call->answered, 1);
      assert_int_equal(call->returned, 1);
    }
    assert_int_equal(call->over, call->released);
    hf_lease_finish(&call->lease);
    hf_request_finish(&call->request);
    hf_error_finish(&call->error);
    hf_error_finish(&call->cause);
    free(call);
  }
}

/* ---- looking ------------------------------------------------------------- */

struct sim_conn *sim_conn(struct sim *sim, const struct hf_slot *slot) {
  return &sim->conns[index_of(sim, slot)];
}

size_t sim_count(const struct sim *sim, enum hf_slot_state state) {
  return hf_pool_count(&sim->pool, state);
}

uint64_t sim_stat(const struct sim *sim, enum hf_stat stat) {
  return hf_stats_get(&sim->pool.stats, stat);
}

struct hf_slot *sim_slot_in(const struct sim *sim, enum hf_slot_state state) {
  size_t i;

  for (i = 0; i < (size_t)sim->pool.n_slots; i++) {
    if (hf_pool_slot(&sim->pool, (int32_t)i)->state == state) {
      return hf_pool_slot(&sim->pool, (int32_t)i);
    }
  }
  return NULL;
}

const struct sim_record *sim_last(const struct sim *sim, enum sim_op op) {
  size_t i;

  for (i = sim->n_records; i > 0; i--) {
    if (sim->records[(i - 1) % SIM_RECORDS].op == op) {
      return &sim->records[(i - 1) % SIM_RECORDS];
    }
  }
  return NULL;
}

void expect_success(const struct call *call) {
  assert_int_equal(call->answered, 1);
  assert_string_equal(hf_status_text(call->error.status),
                      hf_status_text(HF_OK));
}

void expect_status(const struct call *call, enum hf_status status) {
  assert_int_equal(call->answered, 1);
  assert_string_equal(hf_status_text(call->error.status),
                      hf_status_text(status));
}

void expect_sqlstate(const struct call *call, const char *sqlstate) {
  expect_status(call, HF_SERVER_ERROR);
  assert_string_equal(call->error.sqlstate, sqlstate);
}

void expect_outcome(const struct call *call, enum hf_outcome outcome) {
  assert_int_equal(call->answered, 1);
  assert_string_equal(hf_outcome_name(call->error.outcome),
                      hf_outcome_name(outcome));
}

void expect_pending(const struct call *call) {
  assert_int_equal(call->answered, 0);
  assert_int_equal(call->returned, 0);
}
