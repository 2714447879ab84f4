/* SPDX-License-Identifier: MIT */
/* What the test has its user and its outside do. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "world.h"

enum { US_PER_MS = 1000, TICKS_MAX = 1000000, RETRIES = 2 };

/* ---- the user ------------------------------------------------------------ */

void world_describe(struct hf_request *request, enum hf_sql_kind kind) {
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

struct call *world_make(struct world *world, enum hf_request_kind kind) {
  struct call *call = calloc(1, sizeof(*call));

  assert_non_null(call);
  hf_request_init(&call->request, kind);
  hf_lease_init(&call->lease, NULL);
  call->request.max_retries = RETRIES;
  call->request.usual_us = 1; /* known to be short */
  if (kind == HF_REQUEST_ACQUIRE) {
    call->request.lease = &call->lease;
  }
  call->next = world->calls;
  world->calls = call;
  return call;
}

void world_submit(struct world *world, struct call *call) {
  hf_pool_submit(&world->pool, &call->request, world->now_us);
  world_settle(world);
}

struct call *world_read(struct world *world) {
  struct call *call = world_make(world, HF_REQUEST_QUERY);

  world_describe(&call->request, HF_SQL_SELECT);
  world_submit(world, call);
  return call;
}

struct call *world_write(struct world *world) {
  struct call *call = world_make(world, HF_REQUEST_QUERY);

  world_describe(&call->request, HF_SQL_INSERT);
  world_submit(world, call);
  return call;
}

struct call *world_probe(struct world *world) {
  struct call *call = world_make(world, HF_REQUEST_QUERY);

  world_describe(&call->request, HF_SQL_SELECT);
  call->request.flags = HF_FLAG_PROBE;
  world_submit(world, call);
  return call;
}

struct call *world_acquire(struct world *world) {
  struct call *call = world_make(world, HF_REQUEST_ACQUIRE);

  world_submit(world, call);
  return call;
}

struct call *world_statement(struct world *world,
                             struct call *lease,
                             enum hf_sql_kind kind) {
  struct call *call = world_make(world, HF_REQUEST_STATEMENT);

  world_describe(&call->request, kind);
  call->request.lease = &lease->lease;
  call->request.owner = lease->request.owner;
  world_submit(world, call);
  return call;
}

void world_abort(struct world *world, struct call *call) {
  hf_pool_abort(&world->pool, &call->request, world->now_us);
  world_settle(world);
}

void world_release(struct world *world,
                   struct call *lease,
                   enum hf_release how) {
  lease->released = true;
  hf_pool_release(&world->pool, &lease->lease, how, world->now_us);
  world_settle(world);
}

void world_end(struct world *world) {
  hf_pool_end(&world->pool, world->pool.config.drain_ms, world->now_us);
  world_settle(world);
}

void world_suspend(struct world *world) {
  hf_pool_suspend(&world->pool, world->now_us);
  world_settle(world);
}

void world_resume(struct world *world) {
  hf_pool_resume(&world->pool, world->now_us);
  world_settle(world);
}

void world_suspect(struct world *world) {
  size_t i;

  for (i = 0; i < (size_t)world->pool.n_slots; i++) {
    world->conns[i].suspect =
        hf_pool_slot(&world->pool, (int32_t)i)->state == HF_SLOT_IDLE;
  }
  hf_pool_suspect(&world->pool, world->now_us);
  world_settle(world);
}

void world_forget(struct world *world) {
  size_t i;
  int live = 0;

  for (i = 0; i < (size_t)world->pool.n_slots; i++) {
    world->conns[i].stale = world->conns[i].link == LINK_OPEN;
    live += world->conns[i].stale;
  }
  assert_int_equal(hf_pool_forget(&world->pool, world->now_us), live);
  world_settle(world);
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

void world_connected(struct world *world, struct hf_slot *slot) {
  struct world_conn *conn = world_conn(world, slot);

  assert_int_equal(conn->link, LINK_OPENING);
  conn->link = LINK_OPEN;
  slot->proxied = world->proxied;
  slot->proven = !world->unproven;
  slot->last_byte_us = world->now_us;
  hf_pool_on_connected(&world->pool, slot, world->now_us);
  world_settle(world);
}

void world_connect_failed(struct world *world,
                          struct hf_slot *slot,
                          const char *sqlstate) {
  struct world_conn *conn = world_conn(world, slot);
  struct hf_error error;

  assert_int_equal(conn->link, LINK_OPENING);
  conn->link = LINK_NONE;
  make_error(&error, sqlstate, HF_PHASE_CONNECT, "FATAL");
  hf_pool_on_connect_failed(&world->pool, slot, &error, world->now_us);
  hf_error_finish(&error);
  world_settle(world);
}

int world_connect(struct world *world) {
  size_t i;
  int n = 0;

  for (i = 0; i < (size_t)world->pool.n_slots; i++) {
    if (world->conns[i].link == LINK_OPENING) {
      world_connected(world, hf_pool_slot(&world->pool, (int32_t)i));
      n++;
    }
  }
  return n;
}

void world_warm(struct world *world, int32_t n) {
  hf_pool_warm(&world->pool, n, world->now_us);
  world_settle(world);
  while (world_connect(world) > 0) {
  }
  assert_int_equal(world_count(world, HF_SLOT_IDLE), n);
}

int world_refuse(struct world *world, const char *sqlstate) {
  bool opening[WORLD_SLOTS];
  size_t i;
  int n = 0;

  for (i = 0; i < WORLD_SLOTS; i++) {
    opening[i] = world->conns[i].link == LINK_OPENING;
  }
  for (i = 0; i < WORLD_SLOTS; i++) {
    if (opening[i] && world->conns[i].link == LINK_OPENING) {
      world_connect_failed(world,
                           hf_pool_slot(&world->pool, (int32_t)i),
                           sqlstate);
      n++;
    }
  }
  return n;
}

void world_finish(struct world *world,
                  struct call *call,
                  const struct hf_error *error,
                  char transaction) {
  struct hf_slot *slot = call->request.slot;
  struct world_conn *conn;

  assert_non_null(slot);
  conn = world_conn(world, slot);
  assert_int_equal(conn->link, LINK_OPEN);
  assert_true(conn->n_in_flight > 0);
  assert_ptr_equal(conn->in_flight[0], call);
  conn->n_in_flight--;
  memmove(conn->in_flight,
          conn->in_flight + 1,
          (size_t)conn->n_in_flight * sizeof(conn->in_flight[0]));
  conn->cancelling = false;
  slot->last_byte_us = world->now_us;
  if (error != NULL) {
    hf_error_copy(&call->request.error, error);
  }
  hf_pool_on_finished(&world->pool, &call->request, transaction, world->now_us);
  world_settle(world);
}

void world_answer(struct world *world, struct call *call, char transaction) {
  world_finish(world, call, NULL, transaction);
}

void world_fail(struct world *world,
                struct call *call,
                const char *sqlstate,
                char transaction) {
  struct hf_error error;

  make_error(&error, sqlstate, HF_PHASE_AWAIT, "ERROR");
  if (strcmp(sqlstate, "42P05") == 0 || strcmp(sqlstate, "26000") == 0) {
    /* As a server says it of our own names: before anything began. */
    call->request.progress = HF_PROGRESS_UNPARSED;
  }
  world_finish(world, call, &error, transaction);
  hf_error_finish(&error);
}

void world_lose_as(struct world *world,
                   struct hf_slot *slot,
                   const char *sqlstate) {
  struct world_conn *conn = world_conn(world, slot);
  struct hf_error error;

  assert_int_equal(conn->link, LINK_OPEN);
  make_error(&error, sqlstate, HF_PHASE_AWAIT, "FATAL");
  conn->n_in_flight = 0;
  conn->cancelling = false;
  conn->rolling_back = false;
  hf_pool_on_lost(&world->pool, slot, &error, world->now_us);
  hf_error_finish(&error);
  world_settle(world);
}

void world_lose(struct world *world, struct hf_slot *slot) {
  world_lose_as(world, slot, NULL);
}

void world_checked(struct world *world, struct hf_slot *slot) {
  struct world_conn *conn = world_conn(world, slot);

  assert_true(conn->rolling_back);
  assert_int_equal(slot->proof, HF_PROOF_NONE);
  conn->rolling_back = false;
  hf_pool_on_checked(&world->pool, slot, world->now_us);
  world_settle(world);
}

void world_proved(struct world *world,
                  struct hf_slot *slot,
                  enum hf_proof proof) {
  struct world_conn *conn = world_conn(world, slot);

  assert_true(conn->rolling_back);
  assert_int_not_equal(slot->proof, HF_PROOF_NONE);
  conn->rolling_back = false;
  hf_pool_on_proved(&world->pool, slot, proof, world->now_us);
  world_settle(world);
}

int world_check_all(struct world *world) {
  size_t i;
  int n = 0;

  for (i = 0; i < (size_t)world->pool.n_slots; i++) {
    struct hf_slot *slot = hf_pool_slot(&world->pool, (int32_t)i);
    if (world->conns[i].rolling_back && slot->proof != HF_PROOF_NONE) {
      world_proved(world, slot, HF_PROOF_OPEN);
      n++;
    } else if (world->conns[i].rolling_back) {
      world_checked(world, slot);
      n++;
    }
  }
  return n;
}

void world_probed(struct world *world, struct hf_slot *slot, bool alive) {
  world_found(world, slot, alive ? HF_FINDING_ALIVE : HF_FINDING_DEAD, 0);
}

void world_found(struct world *world,
                 struct hf_slot *slot,
                 enum hf_finding finding,
                 uint64_t server) {
  struct world_conn *conn = world_conn(world, slot);

  assert_true(conn->probing);
  conn->probing = false;
  hf_pool_on_probed(&world->pool, slot, finding, server, world->now_us);
  world_settle(world);
}

void world_closed(struct world *world, struct hf_slot *slot) {
  struct world_conn *conn = world_conn(world, slot);

  assert_int_equal(conn->link, LINK_CLOSING);
  conn->link = LINK_NONE;
  conn->n_in_flight = 0;
  conn->cancelling = false;
  hf_pool_on_closed(&world->pool, slot, world->now_us);
  hf_pool_assert(&world->pool);
}

void world_finish_closing(struct world *world) {
  size_t i;

  for (i = 0; i < (size_t)world->pool.n_slots; i++) {
    if (world->conns[i].link == LINK_CLOSING) {
      world_closed(world, hf_pool_slot(&world->pool, (int32_t)i));
    }
  }
}

void world_advance(struct world *world, uint64_t ms) {
  uint64_t end_us = world->now_us + ms * US_PER_MS;
  uint64_t next_us = hf_pool_next_us(&world->pool);
  int ticks;

  for (ticks = 0; next_us <= end_us; ticks++) {
    assert_in_range(ticks, 0, TICKS_MAX);
    if (next_us > world->now_us) {
      world->now_us = next_us;
    }
    hf_pool_tick(&world->pool, world->now_us);
    world_settle(world);
    next_us = hf_pool_next_us(&world->pool);
    assert_true(next_us > world->now_us);
  }
  world->now_us = end_us;
}
