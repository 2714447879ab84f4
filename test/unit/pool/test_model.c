/* SPDX-License-Identifier: MIT */
/*
 * The pool, with its warm-up and health checks, against a random user and a
 * random server. After every step the pool's own invariants hold, and a ledger
 * of every call says that nothing was lost, answered twice, overtaken or
 * retried where that could do harm.
 *
 * HF_SEED repeats a run, HF_STEPS changes its length; under sanitizers and
 * valgrind (HOLDFAST_TEST_BUILD) it is shorter.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/policy/budget.h"
#include "core/policy/retry.h"
#include "feature_sim.h"

enum {
  STEPS = 3000000,
  STEPS_SANITIZED = 500000,
  STEPS_VALGRIND = 50000,
  POOL_STEPS = 4000, /* of one pool's life */
  CALLS_MAX = 200,   /* alive at once */
  OWNERS = 3,
  MAX_MOST = 9,
  MAX_RETRIES = 3,
  CHECK_MS = 5000, /* how long a check-up may take */
  US = 1000,
  PERCENT = 100
};

/* What the ledger knows about a call beyond the simulation. */
struct entry {
  struct call *call;
  uint64_t arrival; /* its place in line */
  bool doubtful;    /* an attempt of it may have been done */
};

struct model {
  struct features features;
  uint64_t seen[SIM_OPS]; /* in all pools of the run */
  uint64_t answers;
  uint64_t checks, warmups;
  uint64_t pools;
  uint64_t state; /* of the generator */
  uint64_t arrivals;
  uint64_t operations;
  int owners[OWNERS];
  bool owner_gone[OWNERS];
  bool outage;
};

static struct model model;

static uint32_t draw(uint32_t below) {
  model.state ^= model.state << 13;
  model.state ^= model.state >> 7;
  model.state ^= model.state << 17;
  return (uint32_t)(model.state >> 20) % below;
}

static bool chance(uint32_t percent) {
  return draw(PERCENT) < percent;
}

/*
 * ---- the ledger -----------------------------------------------------------
 */

/* NULL for calls that the pool or health makes itself. */
static struct entry *entry_of(const struct call *call) {
  return call->mark;
}

static bool is_doubtful(const struct call *call) {
  return entry_of(call) != NULL && entry_of(call)->doubtful;
}

static bool repeatable(const struct call *call) {
  return call->request.sql.read_only ||
         (call->request.flags & (HF_FLAG_IDEMPOTENT | HF_FLAG_READ_ONLY)) != 0;
}

/* Nothing that came earlier, was never sent and could go waits behind it. */
static void assert_not_overtaking(const struct call *call) {
  const struct call *other;

  if (call->sent > 1 || call->request.kind == HF_REQUEST_STATEMENT ||
      (call->request.flags & HF_FLAG_PROBE) != 0) {
    return;
  }
  for (other = model.features.sim.calls; other != NULL; other = other->next) {
    if (other != call && other->sent == 0 &&
        other->request.state == HF_REQUEST_WAITING &&
        other->request.kind != HF_REQUEST_STATEMENT &&
        entry_of(other) != NULL) {
      assert_true(entry_of(other)->arrival > entry_of(call)->arrival);
    }
  }
}

/* COMMIT goes alone, and never where the server would answer ROLLBACK. */
static void check_end(const struct call *call) {
  const struct hf_request *request = &call->request;
  bool commits = request->sql.kind == HF_SQL_COMMIT;

  if (hf_transaction_is_ending(&request->end)) {
    assert_true(hf_list_empty(&request->lease->waiting));
    assert_true(request->lease->released || request->attempts == 1);
    assert_int_equal(request->end.state,
                     commits ? HF_TRANSACTION_COMMITTING
                             : HF_TRANSACTION_ROLLING_BACK);
    assert_false(commits && request->slot->transaction == 'E');
  }
}

/* What the user is told is what became of the transaction. */
static void check_verdict(const struct call *call) {
  const struct hf_transaction *end = &call->request.end;

  if (end->state == HF_TRANSACTION_COMMITTED) {
    assert_int_equal(call->error.status, HF_OK);
    assert_int_equal(call->request.sql.kind, HF_SQL_COMMIT);
  } else if (end->state == HF_TRANSACTION_IN_DOUBT) {
    assert_int_equal(call->error.outcome, HF_OUTCOME_AMBIGUOUS);
  } else if (end->state == HF_TRANSACTION_ROLLED_BACK &&
             end->rollback_reason != HF_OK) {
    assert_int_equal(call->error.status, end->rollback_reason);
    assert_int_equal(call->error.outcome, HF_OUTCOME_ROLLED_BACK);
  }
}

static void check_execute(struct sim *sim, struct call *call) {
  const struct hf_request *request = &call->request;

  assert_int_equal(call->sent, request->attempts);
  assert_true(request->kind != HF_REQUEST_ACQUIRE);
  assert_int_equal(sim->pool.state == HF_POOL_STATE_CLOSED, 0);
  if (is_doubtful(call)) {
    assert_true(repeatable(call));
  }
  if (request->kind == HF_REQUEST_STATEMENT) {
    assert_int_equal(call->sent, 1);
    assert_ptr_equal(request->lease->slot, request->slot);
    check_end(call);
  }
  /* One more for a name that the server did not know. */
  assert_in_range(call->sent, 1, 2 + request->max_retries);
  assert_true(request->deadline_us == 0 ||
              request->kind == HF_REQUEST_STATEMENT ||
              sim->now_us <= request->deadline_us);
  assert_not_overtaking(call);
}

static void check_answer(struct sim *sim, struct call *call) {
  features_on_answer(sim, call);
  if (call->request.kind == HF_REQUEST_ACQUIRE) {
    if (call->error.status == HF_OK) {
      assert_non_null(call->lease.slot);
      assert_ptr_equal(call->lease.slot->lease, &call->lease);
      assert_not_overtaking(call);
    } else {
      assert_null(call->lease.slot);
    }
    return;
  }
  check_verdict(call);
  if (call->error.status == HF_OK) {
    assert_true(call->sent > 0);
    return;
  }
  assert_int_not_equal(call->error.outcome, HF_OUTCOME_NONE);
  if (call->sent == 0) {
    assert_true(call->error.outcome != HF_OUTCOME_AMBIGUOUS ||
                call->request.kind == HF_REQUEST_STATEMENT);
  }
  if (is_doubtful(call) && !call->request.sql.read_only &&
      (call->request.flags & HF_FLAG_READ_ONLY) == 0 &&
      call->request.end.rollback_reason == HF_OK) {
    assert_int_equal(call->error.outcome, HF_OUTCOME_AMBIGUOUS);
  }
}

/*
 * ---- the user -------------------------------------------------------------
 */

static uint32_t calls_alive(void) {
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
static void sweep_calls(void) {
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

static void do_query(void) {
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

static void do_acquire(void) {
  sim_submit(&model.features.sim, new_call(HF_REQUEST_ACQUIRE));
}

static void do_statement(void) {
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
  call->request.lease = &lease->lease;
  call->request.owner = lease->request.owner;
  sim_submit(&model.features.sim, call);
}

static void do_abort(void) {
  struct call *call = pick(is_alive);

  if (call != NULL) {
    sim_abort(&model.features.sim, call);
  }
}

static void do_release(void) {
  struct call *lease = pick(is_held);

  if (lease != NULL) {
    enum hf_release how = (enum hf_release)draw(4);

    sim_release(&model.features.sim, lease, how);
    assert_int_equal(lease->over, lease->lease.slot == NULL);
    assert_true(lease->over || how == HF_RELEASE_KEEP);
  }
}

static void do_finish(void) {
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

static void do_drop_owner(void) {
  hf_pool_drop_owner(&model.features.sim.pool,
                     &model.owners[draw(OWNERS)],
                     chance(50),
                     model.features.sim.now_us);
  hf_pool_assert(&model.features.sim.pool);
}

static void do_warm(void) {
  hf_pool_warm(&model.features.sim.pool,
               (int32_t)draw(MAX_MOST + 2),
               model.features.sim.now_us);
  hf_pool_assert(&model.features.sim.pool);
}

static void do_warmup(void) {
  if (features_can_call(&model.features)) {
    features_warm(&model.features, chance(40) ? 0 : 1 + draw(9000), chance(30));
  }
}

static void do_health(void) {
  if (features_can_call(&model.features)) {
    features_check(&model.features, 1 + draw(3000));
  }
}

/* The end of all handles that warm up or check health. */
static void do_end_owner(void) {
  hf_warmup_end_owner(&model.features.warmup, &model.features);
  hf_health_end_owner(&model.features.health, &model.features);
}

static void do_reset(void) {
  hf_pool_reset(&model.features.sim.pool, model.features.sim.now_us);
  hf_pool_assert(&model.features.sim.pool);
}

static void do_suspension(void) {
  if (model.features.sim.pool.state == HF_POOL_STATE_SUSPENDED) {
    sim_resume(&model.features.sim);
  } else if (chance(20)) {
    sim_suspend(&model.features.sim);
  }
}

/* The simulation asserts what must follow from these two. */
static void do_check_ups(void) {
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

static void do_wait(void) {
  features_advance(&model.features, chance(90) ? draw(50) : draw(12000));
  assert_checked_in_time();
}

/*
 * ---- the outside ----------------------------------------------------------
 */

static struct hf_slot *any_slot(void) {
  return hf_pool_slot(&model.features.sim.pool,
                      (int32_t)draw((uint32_t)model.features.sim.pool.n_slots));
}

static struct sim_conn *link_of(const struct hf_slot *slot) {
  return sim_conn(&model.features.sim, slot);
}

static const char *any_sqlstate(void) {
  static const char *const sqlstates[] = {"23505",
                                          "40001",
                                          "40P01",
                                          "42P05",
                                          "26000",
                                          "25006",
                                          "42601",
                                          "57014",
                                          "53200",
                                          "55P03",
                                          "08006",
                                          "XX000",
                                          "0A000"};

  return sqlstates[draw(sizeof(sqlstates) / sizeof(sqlstates[0]))];
}

static void end_connect(struct hf_slot *slot) {
  static const char *const sqlstates[] = {"53300", "57P03", "28P01"};

  if (model.outage ? chance(95) : chance(5)) {
    sim_connect_failed(&model.features.sim,
                       slot,
                       chance(80) ? NULL : sqlstates[draw(3)]);
  } else {
    model.features.sim.proxied = chance(30);
    model.features.sim.unproven = chance(50);
    model.features.role =
        chance(80) ? HF_HEALTH_ROLE_PRIMARY : HF_HEALTH_ROLE_STANDBY;
    model.features.takes_no_writes = chance(10);
    sim_connected(&model.features.sim, slot);
  }
}

/* Everything in flight there may have been done. */
static void note_doubt(const struct hf_slot *slot) {
  struct sim_conn *conn = link_of(slot);
  int i;

  for (i = 0; i < conn->n_in_flight; i++) {
    const struct hf_request *request = &conn->in_flight[i]->request;

    if (entry_of(conn->in_flight[i]) == NULL) {
      continue; /* it stands in for one that went elsewhere */
    }
    entry_of(conn->in_flight[i])->doubtful =
        !hf_request_goes_with_connection(request) || request->sql.commits;
  }
}

static char transaction_after(const struct call *call, bool failed) {
  char before = call->request.slot->transaction;

  enum hf_sql_kind kind = call->request.sql.kind;

  if (kind == HF_SQL_BEGIN) {
    return failed ? before : 'T';
  }
  if (kind == HF_SQL_COMMIT || kind == HF_SQL_ROLLBACK) {
    return 'I';
  }
  return before != 'I' && failed ? 'E' : before;
}

static void end_statement(struct hf_slot *slot) {
  struct sim_conn *conn = link_of(slot);
  struct call *call = conn->in_flight[0];

  if (conn->cancelling && chance(70)) {
    sim_fail(&model.features.sim, call, "57014", transaction_after(call, true));
  } else if (chance(75)) {
    sim_answer(&model.features.sim, call, transaction_after(call, false));
  } else {
    sim_fail(&model.features.sim,
             call,
             any_sqlstate(),
             transaction_after(call, true));
  }
}

static void lose(struct hf_slot *slot) {
  note_doubt(slot);
  sim_lose_as(&model.features.sim, slot, chance(90) ? NULL : "57P02");
}

static void do_answer(void) {
  struct hf_slot *slot = any_slot();
  struct sim_conn *conn = link_of(slot);

  if (conn->probing && chance(20)) {
    sim_probed(&model.features.sim, slot, chance(50));
    return;
  }
  switch (conn->link) {
  case LINK_NONE:
    break;
  case LINK_OPENING:
    end_connect(slot);
    break;
  case LINK_CLOSING:
    sim_closed(&model.features.sim, slot);
    break;
  case LINK_OPEN:
    if (chance(model.outage ? 20 : 3)) {
      lose(slot);
    } else if (conn->n_in_flight > 0) {
      end_statement(slot);
    } else if (conn->rolling_back && conn->dead) {
      lose(slot);
    } else if (conn->rolling_back && slot->proof != HF_PROOF_NONE) {
      sim_proved(&model.features.sim,
                 slot,
                 chance(5)    ? HF_PROOF_FAILED
                 : chance(50) ? HF_PROOF_INCONCLUSIVE
                              : HF_PROOF_PASSED);
    } else if (conn->rolling_back) {
      sim_checked(&model.features.sim, slot);
    } else if (chance(1)) {
      conn->dead = true;
    }
    break;
  }
}

/*
 * ---- the run --------------------------------------------------------------
 */

static void open_pool(void) {
  struct hf_config config = sim_config(1 + (int32_t)draw(MAX_MOST));

  config.min = (int32_t)draw((uint32_t)config.max + 1);
  config.queue_max = 1 + (int32_t)draw(60);
  config.share_max = 1 + (int32_t)draw(8);
  config.max_uses = chance(30) ? 1 + (int32_t)draw(50) : 0;
  config.max_lifetime_s = chance(30) ? 1 + (int32_t)draw(60) : 0;
  config.idle_timeout_ms = chance(80) ? 1 + (int32_t)draw(20000) : 0;
  config.silence_ms = chance(80) ? 1000 + (int32_t)draw(8000) : 0;
  config.drain_ms = (int32_t)draw(6000);
  features_open(&model.features, &config);
  model.features.sim.has_hook = chance(30);
  model.features.sim.seed = model.state;
  model.features.sim.manual_close = true;
  model.features.sim.on_execute = check_execute;
  model.features.sim.on_answer = check_answer;
}

static void act(uint32_t dice) {
  if (dice < 500) {
    do_answer();
  } else if (dice < 680) {
    if (calls_alive() < CALLS_MAX) {
      do_query();
    }
  } else if (dice < 710) {
    do_acquire();
  } else if (dice < 800) {
    do_statement();
  } else if (dice < 830) {
    do_abort();
  } else if (dice < 850) {
    do_release();
  } else if (dice < 870) {
    do_finish();
  } else if (dice < 980) {
    do_wait();
  } else if (dice < 985) {
    do_drop_owner();
  } else if (dice < 987) {
    do_warm();
  } else if (dice < 989) {
    do_warmup();
  } else if (dice < 991) {
    do_health();
  } else if (dice < 992) {
    if (chance(50)) {
      do_reset();
    } else {
      do_end_owner();
    }
  } else if (dice < 993) {
    do_suspension();
  } else if (dice < 996) {
    do_check_ups();
  } else if (dice < 998) {
    model.outage = chance(30);
  } else {
    hf_budget_init(hf_retry_budget());
  }
}

static void step(void) {
  model.operations++;
  act(draw(1000));
  features_settle(&model.features);
}

static void check_sums(void) {
  const struct sim *sim = &model.features.sim;
  uint64_t sum = sim_stat(sim, HF_STAT_SUCCEEDED) +
                 sim_stat(sim, HF_STAT_FAILED_NOT_EXECUTED) +
                 sim_stat(sim, HF_STAT_FAILED_ROLLED_BACK) +
                 sim_stat(sim, HF_STAT_FAILED_AMBIGUOUS) +
                 sim_stat(sim, HF_STAT_FAILED_PERMANENT);

  assert_int_equal(sum, sim->answers - sim->lent);
  assert_int_equal(sim_stat(sim, HF_STAT_CONNECTS_STARTED),
                   sim->counts[SIM_CONNECT]);
  assert_int_equal(sim_stat(sim, HF_STAT_CANCELS), sim->counts[SIM_CANCEL]);
}

static void count_seen(void) {
  int op;

  for (op = 0; op < SIM_OPS; op++) {
    model.seen[op] += model.features.sim.counts[op];
  }
  model.answers += model.features.sim.answers;
  model.checks += model.features.answered_checks;
  model.warmups += model.features.answered_warmups;
  model.pools++;
}

/* Ends the pool with whatever is open, and goes on for a while. */
static void close_pool(void) {
  int steps;

  sim_end(&model.features.sim);
  for (steps = (int)draw(200); steps > 0; steps--) {
    step();
  }
  if (chance(50)) {
    features_advance(&model.features, 20000);
  }
  for (steps = (int)draw(200); steps > 0; steps--) {
    step();
  }
  check_sums();
  while (model.features.sim.calls != NULL) {
    do_release();
    sweep_calls();
    do_answer();
    features_settle(&model.features);
    if (chance(5)) {
      features_advance(&model.features, 1000);
    }
  }
  count_seen();
  features_advance(&model.features, 10000);
  while (!model.features.sim.closed) {
    do_answer();
  }
  assert_int_equal(hf_pool_next_us(&model.features.sim.pool), UINT64_MAX);
  features_close(&model.features);
}

static uint64_t setting(const char *name, uint64_t initial) {
  const char *text = getenv(name);

  return text == NULL || *text == '\0' ? initial : strtoull(text, NULL, 10);
}

static uint64_t usual_steps(void) {
  const char *build = getenv("HOLDFAST_TEST_BUILD");

  if (build != NULL && strcmp(build, "valgrind") == 0) {
    return STEPS_VALGRIND;
  }
  return build == NULL || strcmp(build, "debug") == 0 ? STEPS : STEPS_SANITIZED;
}

static void the_pool_keeps_its_promises_under_random_events(void **state) {
  uint64_t seed = setting("HF_SEED", (uint64_t)time(NULL));
  uint64_t steps = setting("HF_STEPS", usual_steps());

  (void)state;
  printf("HF_SEED=%" PRIu64 " HF_STEPS=%" PRIu64 "\n", seed, steps);
  fflush(stdout);
  model.state = seed * 2654435769u + 1;
  while (model.operations < steps) {
    uint64_t end = model.operations + 1 + draw(POOL_STEPS);

    open_pool();
    while (model.operations < end) {
      step();
      if (model.operations % 64 == 0) {
        sweep_calls();
      }
    }
    close_pool();
  }
  printf("pools %" PRIu64 ", calls %" PRIu64 ", connects %" PRIu64
         ", executions %" PRIu64 ", cancels %" PRIu64 ", rollbacks %" PRIu64
         ", pings %" PRIu64 ", deallocations %" PRIu64 ", probes %" PRIu64
         ", health checks %" PRIu64 ", warm-ups %" PRIu64 "\n",
         model.pools,
         model.answers,
         model.seen[SIM_CONNECT],
         model.seen[SIM_EXECUTE],
         model.seen[SIM_CANCEL],
         model.seen[SIM_ROLLBACK],
         model.seen[SIM_PING],
         model.seen[SIM_DEALLOCATE],
         model.seen[SIM_PROBE],
         model.checks,
         model.warmups);
  assert_true(steps < STEPS || model.answers > steps / PERCENT);
  assert_true(steps < STEPS || model.checks > 0);
  assert_true(steps < STEPS || model.warmups > 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_pool_keeps_its_promises_under_random_events)};

  return cmocka_run_group_tests_name("model", tests, NULL, NULL);
}
