/* SPDX-License-Identifier: MIT */
#include "world.h"

#include <stdlib.h>
#include <string.h>

#include "core/policy/budget.h"
#include "core/policy/retry.h"

enum { START_US = 1000000, CLOSING_STEPS = 10000, GRACE_MS = 1000 };

static struct call *call_of(struct hf_request *request) {
  return HF_CONTAINER_OF(request, struct call, request);
}

static size_t index_of(const struct world *world, const struct hf_slot *slot) {
  int32_t i = 0;
  while (hf_pool_slot(&world->pool, i) != slot) {
    i++;
  }
  return (size_t)i;
}

static void record(struct world *world,
                   enum world_op op,
                   struct hf_slot *slot,
                   struct call *call) {
  struct world_record *entry;

  world->counts[op]++;
  entry = &world->records[world->n_records % WORLD_RECORDS];
  world->n_records++;
  entry->op = op;
  entry->slot = slot;
  entry->call = call;
  entry->at_us = world->now_us;
}

/* ---- operations: each asserts that it makes sense ------------------------ */

static void on_connect(void *ctx, struct hf_slot *slot) {
  struct world *world = ctx;
  struct world_conn *conn = world_conn(world, slot);

  assert_true(world->pool.state == HF_POOL_STATE_OPEN ||
              world->pool.state == HF_POOL_STATE_DRAINING);
  assert_int_equal(slot->state, HF_SLOT_CONNECTING);
  assert_int_equal(conn->link, LINK_NONE);
  assert_int_equal(conn->n_in_flight, 0);
  conn->link = LINK_OPENING;
  conn->dead = false;
  conn->suspect = false;
  conn->stale = false;
  conn->cancelling = false;
  conn->rolling_back = false;
  record(world, WORLD_CONNECT, slot, NULL);
}

static struct hf_lease *on_greet(void *ctx, struct hf_slot *slot) {
  struct world *world = ctx;
  struct call *call;

  assert_int_equal(world_conn(world, slot)->link, LINK_OPEN);
  if (!world->greets) {
    return NULL;
  }
  call = world_make(world, HF_REQUEST_ACQUIRE);
  call->answered = 1; /* it is lent without having been asked for */
  call->returned = 1;
  world->greeting = call;
  return &call->lease;
}

static bool on_usable(void *ctx, struct hf_slot *slot) {
  struct world *world = ctx;
  struct world_conn *conn = world_conn(world, slot);

  assert_int_equal(conn->link, LINK_OPEN);
  assert_int_equal(conn->n_in_flight, 0);
  return !conn->dead;
}

static void on_execute(void *ctx,
                       struct hf_slot *slot,
                       struct hf_request *request) {
  struct world *world = ctx;
  struct world_conn *conn = world_conn(world, slot);
  struct call *call = call_of(request);

  assert_int_equal(conn->link, LINK_OPEN);
  assert_false(conn->rolling_back);
  assert_false(conn->suspect);
  assert_false(conn->cancelling);
  assert_true(request->kind == HF_REQUEST_STATEMENT ||
              world->pool.state != HF_POOL_STATE_SUSPENDED);
  assert_int_equal(request->state, HF_REQUEST_RUNNING);
  assert_true(slot->state == HF_SLOT_BUSY || slot->state == HF_SLOT_LEASED);
  assert_int_equal(call->returned, 0);
  assert_int_equal(call->answered, 0);
  if (slot->proxied || slot->state == HF_SLOT_LEASED) {
    assert_int_equal(conn->n_in_flight, 0);
  }
  assert_in_range(conn->n_in_flight, 0, WORLD_IN_FLIGHT - 1);
  conn->in_flight[conn->n_in_flight] = call;
  conn->n_in_flight++;
  call->sent++;
  record(world, WORLD_EXECUTE, slot, call);
  if (world->on_execute != NULL) {
    world->on_execute(world, call);
  }
}

static void on_cancel(void *ctx, struct hf_slot *slot) {
  struct world *world = ctx;
  struct world_conn *conn = world_conn(world, slot);

  assert_int_equal(conn->link, LINK_OPEN);
  assert_int_equal(conn->n_in_flight, 1);
  conn->cancelling = true;
  record(world, WORLD_CANCEL, slot, conn->in_flight[0]);
}

static void check_up(struct world *world,
                     struct hf_slot *slot,
                     enum world_op op) {
  struct world_conn *conn = world_conn(world, slot);

  assert_int_equal(slot->state, HF_SLOT_CHECKING);
  assert_int_equal(conn->link, LINK_OPEN);
  assert_int_equal(conn->n_in_flight, 0);
  assert_false(conn->rolling_back);
  conn->rolling_back = true;
  record(world, op, slot, NULL);
}

static void on_rollback(void *ctx, struct hf_slot *slot) {
  check_up(ctx, slot, WORLD_ROLLBACK);
}

static void on_ping(void *ctx, struct hf_slot *slot) {
  world_conn(ctx, slot)->suspect = false;
  check_up(ctx, slot, WORLD_PING);
}

static void on_forget(void *ctx, struct hf_slot *slot) {
  world_conn(ctx, slot)->stale = false;
  check_up(ctx, slot, WORLD_FORGET);
}

static struct hf_request *on_replace(void *ctx, struct hf_request *request) {
  struct world *world = ctx;
  struct world_conn *conn = world_conn(world, request->slot);
  struct call *stand_in = world_make(world, request->kind);
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
  record(world, WORLD_REPLACE, request->slot, call_of(request));
  return &stand_in->request;
}

static void on_prove(void *ctx, struct hf_slot *slot, enum hf_proof_step step) {
  struct world *world = ctx;
  struct world_conn *conn = world_conn(world, slot);

  assert_int_equal(slot->proof, step);
  assert_int_equal(conn->rolling_back, step == HF_PROOF_SECOND);
  conn->rolling_back = false;
  check_up(world, slot, WORLD_PROVE);
}

static bool on_probe(void *ctx, struct hf_slot *slot) {
  struct world *world = ctx;
  struct world_conn *conn = world_conn(world, slot);

  assert_false(conn->probing);
  record(world, WORLD_PROBE, slot, NULL);
  conn->probing = !world->cannot_probe;
  return conn->probing;
}

static void on_close(void *ctx, struct hf_slot *slot) {
  struct world *world = ctx;
  struct world_conn *conn = world_conn(world, slot);

  assert_int_equal(slot->state, HF_SLOT_CLOSING);
  assert_true(conn->link == LINK_OPENING || conn->link == LINK_OPEN);
  conn->link = LINK_CLOSING;
  conn->rolling_back = false;
  record(world, WORLD_CLOSE, slot, NULL);
}

static void on_deliver(void *ctx, struct hf_request *request) {
  struct world *world = ctx;
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
    call->answered_us = world->now_us;
    world->answers++;
    world->lent +=
        request->kind == HF_REQUEST_ACQUIRE && request->error.status == HF_OK;
    call->order = world->answers;
    hf_error_copy(&call->error, &request->error);
    hf_error_copy(&call->cause, &request->cause);
    if (world->on_answer != NULL) {
      world->on_answer(world, call);
    }
  } else {
    assert_true(done);
  }
}

static void on_released(void *ctx, struct hf_lease *lease) {
  struct call *call = HF_CONTAINER_OF(lease, struct call, lease);
  struct call *other;
  struct world *world = ctx;

  assert_true(call->released);
  assert_false(call->over);
  assert_null(lease->slot);
  call->over = true;
  for (other = world->calls; other != NULL; other = other->next) {
    assert_true(other->request.lease != lease || other->returned == 1 ||
                other == call || other->request.state == HF_REQUEST_NEW);
  }
}

static void on_event(void *ctx,
                     struct hf_slot *slot,
                     enum hf_event event,
                     const struct hf_error *error) {
  struct world *world = ctx;

  (void)slot;
  assert_in_range(event, 0, WORLD_EVENTS - 1);
  world->events[event]++;
  if (error != NULL) {
    world->event_status = error->status;
  }
}

static void on_closed(void *ctx) {
  struct world *world = ctx;
  size_t i;

  assert_false(world->closed);
  assert_int_equal(world->pool.state, HF_POOL_STATE_CLOSED);
  for (i = 0; i < WORLD_SLOTS; i++) {
    assert_int_equal(world->conns[i].link, LINK_NONE);
    assert_int_equal(world->conns[i].n_in_flight, 0);
  }
  world->closed = true;
}

static uint32_t on_random(void *ctx) {
  struct world *world = ctx;

  if (world->seed == 0) {
    return world->random;
  }
  world->seed ^= world->seed << 13;
  world->seed ^= world->seed >> 7;
  world->seed ^= world->seed << 17;
  return (uint32_t)(world->seed >> 16);
}

static const struct hf_pool_io operations = {NULL,
                                             on_connect,
                                             on_greet,
                                             on_usable,
                                             on_execute,
                                             on_cancel,
                                             on_rollback,
                                             on_ping,
                                             on_forget,
                                             on_replace,
                                             on_prove,
                                             on_probe,
                                             on_close,
                                             on_deliver,
                                             on_released,
                                             on_event,
                                             on_closed,
                                             on_random};

static void assert_idle_are_fit(struct world *world) {
  size_t i;

  for (i = 0; i < (size_t)world->pool.n_slots; i++) {
    if (hf_pool_slot(&world->pool, (int32_t)i)->state == HF_SLOT_IDLE) {
      assert_false(world->conns[i].stale);
      assert_false(world->conns[i].suspect);
      assert_int_equal(world->pool.state, HF_POOL_STATE_OPEN);
    }
  }
}

void world_settle(struct world *world) {
  hf_pool_assert(&world->pool);
  assert_idle_are_fit(world);
  if (!world->manual_close) {
    world_finish_closing(world);
  }
}

/* ---- life ---------------------------------------------------------------- */

struct hf_config world_config(int32_t max) {
  struct hf_config config;

  hf_config_init(&config);
  config.max = max;
  return config;
}

void world_open(struct world *world, const struct hf_config *config) {
  struct hf_pool_io ops = operations;

  assert_in_range(config->max, 1, WORLD_SLOTS);
  memset(world, 0, sizeof(*world));
  hf_budget_init(hf_retry_budget());
  world->now_us = START_US;
  world->random = UINT32_MAX;
  ops.ctx = world;
  assert_int_equal(hf_pool_init(&world->pool, config, &ops, world->now_us),
                   HF_OK);
  hf_pool_assert(&world->pool);
}

void world_open_max(struct world *world, int32_t max) {
  struct hf_config config = world_config(max);

  world_open(world, &config);
}

/* Answers one thing that is open; returns whether there was one. */
static bool answer_something(struct world *world) {
  size_t i;

  for (i = 0; i < (size_t)world->pool.n_slots; i++) {
    struct hf_slot *slot = hf_pool_slot(&world->pool, (int32_t)i);
    struct world_conn *conn = &world->conns[i];

    if (conn->link == LINK_CLOSING) {
      world_closed(world, slot);
      return true;
    }
    if (conn->link == LINK_OPEN && conn->n_in_flight > 0) {
      world_answer(world, conn->in_flight[0], 'I');
      return true;
    }
    if (conn->link == LINK_OPEN && slot->proof != HF_PROOF_NONE) {
      world_proved(world, slot, HF_PROOF_OPEN);
      return true;
    }
    if (conn->link == LINK_OPEN && conn->rolling_back) {
      world_checked(world, slot);
      return true;
    }
  }
  return false;
}

static void release_all(struct world *world) {
  struct call *call;

  for (call = world->calls; call != NULL; call = call->next) {
    if (call->request.kind == HF_REQUEST_ACQUIRE && call->answered == 1 &&
        call->error.status == HF_OK && !call->released) {
      world_release(world, call, HF_RELEASE_KEEP);
    }
  }
}

static void answer_everything(struct world *world) {
  int steps;

  release_all(world);
  for (steps = 0; answer_something(world); steps++) {
    assert_in_range(steps, 0, CLOSING_STEPS);
    release_all(world);
  }
}

void world_close(struct world *world) {
  struct call *call;

  if (hf_pool_takes_requests(&world->pool)) {
    world_end(world);
  }
  answer_everything(world);
  if (!world->closed) {
    /* Nothing more comes of what waits: its time ends. */
    world_advance(world, (uint64_t)world->pool.config.drain_ms + GRACE_MS);
    answer_everything(world);
  }
  assert_true(world->closed);
  hf_pool_finish(&world->pool);
  while (world->calls != NULL) {
    call = world->calls;
    world->calls = call->next;
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

struct world_conn *world_conn(struct world *world, const struct hf_slot *slot) {
  return &world->conns[index_of(world, slot)];
}

size_t world_count(const struct world *world, enum hf_slot_state state) {
  return hf_pool_count(&world->pool, state);
}

uint64_t world_stat(const struct world *world, enum hf_stat stat) {
  return hf_stats_get(&world->pool.stats, stat);
}

struct hf_slot *world_slot_in(const struct world *world,
                              enum hf_slot_state state) {
  size_t i;

  for (i = 0; i < (size_t)world->pool.n_slots; i++) {
    if (hf_pool_slot(&world->pool, (int32_t)i)->state == state) {
      return hf_pool_slot(&world->pool, (int32_t)i);
    }
  }
  return NULL;
}

const struct world_record *world_last(const struct world *world,
                                      enum world_op op) {
  size_t i;

  for (i = world->n_records; i > 0; i--) {
    if (world->records[(i - 1) % WORLD_RECORDS].op == op) {
      return &world->records[(i - 1) % WORLD_RECORDS];
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
