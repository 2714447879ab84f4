/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "core/policy/budget.h"
#include "core/policy/retry.h"
#include "sim_internal.h"

enum { START_US = 1000000, CLOSING_STEPS = 10000, GRACE_MS = 1000 };

static size_t index_of(const struct sim *sim, const struct hf_slot *slot) {
  int32_t i = 0;
  while (hf_pool_slot(&sim->pool, i) != slot) {
    i++;
  }
  return (size_t)i;
}

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
  struct hf_pool_io ops = sim_io;

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
