/* SPDX-License-Identifier: MIT */
/* What the pool asks of its outside: each asserts that it makes sense. */
#include "sim_internal.h"

static struct call *call_of(struct hf_request *request) {
  return HF_CONTAINER_OF(request, struct call, request);
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

static void on_skip(void *ctx, struct hf_slot *slot) {
  record(ctx, SIM_SKIP, slot, NULL);
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

const struct hf_pool_io sim_io = {NULL,
                                  on_connect,
                                  on_begin_hook,
                                  on_usable,
                                  on_execute,
                                  on_cancel,
                                  on_skip,
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
