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
#include "model.h"

enum {
  STEPS = 3000000,
  STEPS_SANITIZED = 500000,
  STEPS_VALGRIND = 50000,
  POOL_STEPS = 4000, /* of one pool's life */
  CALLS_MAX = 200    /* alive at once */
};

static void open_pool(void) {
  struct hf_config config = sim_config(1 + (int32_t)draw(MAX_MOST));

  config.min = (int32_t)draw((uint32_t)config.max + 1);
  config.queue_max = 1 + (int32_t)draw(60);
  config.share_max = 1 + (int32_t)draw(8);
  config.max_uses = chance(30) ? 1 + (int32_t)draw(50) : 0;
  config.reset_on_release = (enum hf_reset_on_release)draw(3);
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
