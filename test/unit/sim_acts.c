/* SPDX-License-Identifier: MIT */
/* What the test has its user and its outside do. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sim.h"

enum { US_PER_MS = 1000, TICKS_MAX = 1000000, RETRIES = 2 };

/* ---- the user ------------------------------------------------------------ */

void sim_describe(struct hf_request *request, enum hf_sql_kind kind) {
  struct hf_sql_info *sql = &request->sql;

  memset(sql, 0, sizeof(*sql));
  sql->kind = kind;
  sql->n_statements = 1;
  sql->read_only = kind == HF_SQL_SELECT;
  sql->may_commit_midway = kind == HF_SQL_CALL || kind == HF_SQL_DO;
  sql->commits = kind == HF_SQL_COMMIT || kind == HF_SQL_COMMIT_AND_CHAIN ||
                 kind == HF_SQL_PREPARE_TRANSACTION;
  sql->ends_transaction = sql->commits || kind == HF_SQL_ROLLBACK ||
                          kind == HF_SQL_ROLLBACK_AND_CHAIN;
}

struct call *sim_make(struct sim *sim, enum hf_request_kind kind) {
  struct call *call = calloc(1, sizeof(*call));

  assert_non_null(call);
  hf_request_init(&call->request, kind);
  hf_lease_init(&call->lease, NULL);
  call->request.max_retries = RETRIES;
  call->request.usual_us = 1; /* known to be short */
  if (kind == HF_REQUEST_ACQUIRE) {
    call->request.lease = &call->lease;
  }
  call->next = sim->calls;
  sim->calls = call;
  return call;
}

void sim_submit(struct sim *sim, struct call *call) {
  hf_pool_submit(&sim->pool, &call->request, sim->now_us);
  sim_settle(sim);
}

struct call *sim_read(struct sim *sim) {
  struct call *call = sim_make(sim, HF_REQUEST_QUERY);

  sim_describe(&call->request, HF_SQL_SELECT);
  sim_submit(sim, call);
  return call;
}

struct call *sim_write(struct sim *sim) {
  struct call *call = sim_make(sim, HF_REQUEST_QUERY);

  sim_describe(&call->request, HF_SQL_INSERT);
  sim_submit(sim, call);
  return call;
}

struct call *sim_probe(struct sim *sim) {
  struct call *call = sim_make(sim, HF_REQUEST_QUERY);

  sim_describe(&call->request, HF_SQL_SELECT);
  call->request.flags = HF_FLAG_PROBE;
  sim_submit(sim, call);
  return call;
}

struct call *sim_acquire(struct sim *sim) {
  struct call *call = sim_make(sim, HF_REQUEST_ACQUIRE);

  sim_submit(sim, call);
  return call;
}

struct call *sim_statement(struct sim *sim,
                           struct call *lease,
                           enum hf_sql_kind kind) {
  struct call *call = sim_make(sim, HF_REQUEST_STATEMENT);

  sim_describe(&call->request, kind);
  call->request.lease = &lease->lease;
  call->request.owner = lease->request.owner;
  sim_submit(sim, call);
  return call;
}

void sim_abort(struct sim *sim, struct call *call) {
  hf_pool_abort(&sim->pool, &call->request, sim->now_us);
  sim_settle(sim);
}

void sim_release(struct sim *sim, struct call *lease, enum hf_release how) {
  lease->released = true;
  hf_pool_release(&sim->pool, &lease->lease, how, sim->now_us);
  sim_settle(sim);
}

void sim_end(struct sim *sim) {
  hf_pool_end(&sim->pool, sim->pool.config.drain_ms, sim->now_us);
  sim_settle(sim);
}

void sim_suspend(struct sim *sim) {
  hf_pool_suspend(&sim->pool, sim->now_us);
  sim_settle(sim);
}

void sim_resume(struct sim *sim) {
  hf_pool_resume(&sim->pool, sim->now_us);
  sim_settle(sim);
}

void sim_ping_idle(struct sim *sim) {
  size_t i;

  for (i = 0; i < (size_t)sim->pool.n_slots; i++) {
    sim->conns[i].must_ping =
        hf_pool_slot(&sim->pool, (int32_t)i)->state == HF_SLOT_IDLE;
  }
  hf_pool_ping_idle(&sim->pool, sim->now_us);
  sim_settle(sim);
}

void sim_deallocate(struct sim *sim) {
  size_t i;
  int live = 0;

  for (i = 0; i < (size_t)sim->pool.n_slots; i++) {
    sim->conns[i].must_deallocate = sim->conns[i].link == LINK_OPEN;
    live += sim->conns[i].must_deallocate;
  }
  assert_int_equal(hf_pool_deallocate(&sim->pool, sim->now_us), live);
  sim_settle(sim);
}

/* ---- the outside --------------------------------------------------------- */

static void make_error(struct hf_error *error,
                       const char *sqlstate,
                       enum hf_phase phase,
                       const char *severity) {
  hf_error_init(error);
  if (sqlstate == NULL) {
    hf_error_set(error, HF_SOCKET_ERROR, phase, "the socket broke");
    error->sys_errno = phase == HF_PHASE_CONNECT ? ECONNREFUSED : ECONNRESET;
    return;
  }
  hf_error_set(error, HF_SERVER_ERROR, phase, "the server said so");
  hf_error_add(error, 'C', sqlstate);
  hf_error_add(error, 'V', severity);
}

void sim_connected(struct sim *sim, struct hf_slot *slot) {
  struct sim_conn *conn = sim_conn(sim, slot);

  assert_int_equal(conn->link, LINK_OPENING);
  conn->link = LINK_OPEN;
  slot->proxied = sim->proxied;
  slot->proven = !sim->unproven;
  slot->last_byte_us = sim->now_us;
  hf_pool_on_connected(&sim->pool, slot, sim->now_us);
  sim_settle(sim);
}

void sim_connect_failed(struct sim *sim,
                        struct hf_slot *slot,
                        const char *sqlstate) {
  struct sim_conn *conn = sim_conn(sim, slot);
  struct hf_error error;

  assert_int_equal(conn->link, LINK_OPENING);
  conn->link = LINK_NONE;
  make_error(&error, sqlstate, HF_PHASE_CONNECT, "FATAL");
  hf_pool_on_connect_failed(&sim->pool, slot, &error, sim->now_us);
  hf_error_finish(&error);
  sim_settle(sim);
}

int sim_connect(struct sim *sim) {
  size_t i;
  int n = 0;

  for (i = 0; i < (size_t)sim->pool.n_slots; i++) {
    if (sim->conns[i].link == LINK_OPENING) {
      sim_connected(sim, hf_pool_slot(&sim->pool, (int32_t)i));
      n++;
    }
  }
  return n;
}

void sim_warm(struct sim *sim, int32_t n) {
  hf_pool_warm(&sim->pool, n, sim->now_us);
  sim_settle(sim);
  while (sim_connect(sim) > 0) {
  }
  assert_int_equal(sim_count(sim, HF_SLOT_IDLE), n);
}

int sim_refuse(struct sim *sim, const char *sqlstate) {
  bool opening[SIM_SLOTS];
  size_t i;
  int n = 0;

  for (i = 0; i < SIM_SLOTS; i++) {
    opening[i] = sim->conns[i].link == LINK_OPENING;
  }
  for (i = 0; i < SIM_SLOTS; i++) {
    if (opening[i] && sim->conns[i].link == LINK_OPENING) {
      sim_connect_failed(sim, hf_pool_slot(&sim->pool, (int32_t)i), sqlstate);
      n++;
    }
  }
  return n;
}

void sim_finish(struct sim *sim,
                struct call *call,
                const struct hf_error *error,
                char transaction) {
  struct hf_slot *slot = call->request.slot;
  struct sim_conn *conn;

  assert_non_null(slot);
  conn = sim_conn(sim, slot);
  assert_int_equal(conn->link, LINK_OPEN);
  assert_true(conn->n_in_flight > 0);
  assert_ptr_equal(conn->in_flight[0], call);
  conn->n_in_flight--;
  memmove(conn->in_flight,
          conn->in_flight + 1,
          (size_t)conn->n_in_flight * sizeof(conn->in_flight[0]));
  conn->cancelling = false;
  slot->last_byte_us = sim->now_us;
  if (error != NULL) {
    hf_error_copy(&call->request.error, error);
  }
  hf_pool_on_finished(&sim->pool, &call->request, transaction, sim->now_us);
  sim_settle(sim);
}

void sim_answer(struct sim *sim, struct call *call, char transaction) {
  sim_finish(sim, call, NULL, transaction);
}

void sim_fail(struct sim *sim,
              struct call *call,
              const char *sqlstate,
              char transaction) {
  struct hf_error error;

  make_error(&error, sqlstate, HF_PHASE_AWAIT, "ERROR");
  if (strcmp(sqlstate, "42P05") == 0 || strcmp(sqlstate, "26000") == 0) {
    /* As a server says it of our own names: before anything began. */
    call->request.progress = HF_PROGRESS_UNPARSED;
  }
  sim_finish(sim, call, &error, transaction);
  hf_error_finish(&error);
}

void sim_lose_as(struct sim *sim, struct hf_slot *slot, const char *sqlstate) {
  struct sim_conn *conn = sim_conn(sim, slot);
  struct hf_error error;

  assert_int_equal(conn->link, LINK_OPEN);
  make_error(&error, sqlstate, HF_PHASE_AWAIT, "FATAL");
  conn->n_in_flight = 0;
  conn->cancelling = false;
  conn->rolling_back = false;
  hf_pool_on_lost(&sim->pool, slot, &error, sim->now_us);
  hf_error_finish(&error);
  sim_settle(sim);
}

void sim_lose(struct sim *sim, struct hf_slot *slot) {
  sim_lose_as(sim, slot, NULL);
}

void sim_checked(struct sim *sim, struct hf_slot *slot) {
  struct sim_conn *conn = sim_conn(sim, slot);

  assert_true(conn->rolling_back);
  assert_int_equal(slot->proof, HF_PROOF_NONE);
  conn->rolling_back = false;
  hf_pool_on_checked(&sim->pool, slot, sim->now_us);
  sim_settle(sim);
}

void sim_proved(struct sim *sim, struct hf_slot *slot, enum hf_proof proof) {
  struct sim_conn *conn = sim_conn(sim, slot);

  assert_true(conn->rolling_back);
  assert_int_not_equal(slot->proof, HF_PROOF_NONE);
  conn->rolling_back = false;
  hf_pool_on_proved(&sim->pool, slot, proof, sim->now_us);
  sim_settle(sim);
}

int sim_check_all(struct sim *sim) {
  size_t i;
  int n = 0;

  for (i = 0; i < (size_t)sim->pool.n_slots; i++) {
    struct hf_slot *slot = hf_pool_slot(&sim->pool, (int32_t)i);
    if (sim->conns[i].rolling_back && slot->proof != HF_PROOF_NONE) {
      sim_proved(sim, slot, HF_PROOF_INCONCLUSIVE);
      n++;
    } else if (sim->conns[i].rolling_back) {
      sim_checked(sim, slot);
      n++;
    }
  }
  return n;
}

void sim_probed(struct sim *sim, struct hf_slot *slot, bool alive) {
  sim_found(sim, slot, alive ? HF_FINDING_ALIVE : HF_FINDING_DEAD, 0);
}

void sim_found(struct sim *sim,
               struct hf_slot *slot,
               enum hf_finding finding,
               uint64_t server) {
  struct sim_conn *conn = sim_conn(sim, slot);

  assert_true(conn->probing);
  conn->probing = false;
  hf_pool_on_probed(&sim->pool, slot, finding, server, sim->now_us);
  sim_settle(sim);
}

void sim_closed(struct sim *sim, struct hf_slot *slot) {
  struct sim_conn *conn = sim_conn(sim, slot);

  assert_int_equal(conn->link, LINK_CLOSING);
  conn->link = LINK_NONE;
  conn->n_in_flight = 0;
  conn->cancelling = false;
  hf_pool_on_closed(&sim->pool, slot, sim->now_us);
  hf_pool_assert(&sim->pool);
}

void sim_finish_closing(struct sim *sim) {
  size_t i;

  for (i = 0; i < (size_t)sim->pool.n_slots; i++) {
    if (sim->conns[i].link == LINK_CLOSING) {
      sim_closed(sim, hf_pool_slot(&sim->pool, (int32_t)i));
    }
  }
}

void sim_advance(struct sim *sim, uint64_t ms) {
  uint64_t end_us = sim->now_us + ms * US_PER_MS;
  uint64_t next_us = hf_pool_next_us(&sim->pool);
  int ticks;

  for (ticks = 0; next_us <= end_us; ticks++) {
    assert_in_range(ticks, 0, TICKS_MAX);
    if (next_us > sim->now_us) {
      sim->now_us = next_us;
    }
    hf_pool_tick(&sim->pool, sim->now_us);
    sim_settle(sim);
    next_us = hf_pool_next_us(&sim->pool);
    assert_true(next_us > sim->now_us);
  }
  sim->now_us = end_us;
}
