/* SPDX-License-Identifier: MIT */
/* The cache against a ledger that knows what should be there. */
#include <stdlib.h>
#include <string.h>

#include "cache_support.h"
#include "core/cache/cache.h"

enum { KEYS = 6, FLIGHTS = 64, TTL = 50, STALE = 100 };

/* What is known of a key without looking at the cache. */
struct fact {
  bool kept;
  uint64_t as_of;
  int value;
  struct hf_cache_entry *flight;
};

struct flight {
  struct hf_cache_entry *entry;
  int key;
  bool dropped;
  struct hf_cache_waiter waiters[4];
  int n_waiters;
};

struct model {
  struct hf_cache cache;
  struct fact facts[KEYS];
  struct flight *flights[FLIGHTS];
  int n_flights;
  uint64_t now;
  uint32_t random;
  int last_value;
};

static uint32_t pick(struct model *model, uint32_t n) {
  return next_random(&model->random) % n;
}

static struct hf_cache_query question_of(int key, bool away) {
  static const char *const keys[KEYS] = {"0", "1", "2", "3", "4", "5"};
  static const char *const even[] = {"teven"};
  struct hf_cache_query query = query_for(keys[key]);
  query.max_age.ttl_us = TTL;
  query.max_age.stale_us = STALE;
  query.tags = even;
  query.n_tags = key % 2 == 0;
  query.unreachable = away;
  return query;
}

static struct flight *flight_of(struct model *model,
                                const struct hf_cache_entry *entry) {
  int i;
  for (i = 0; i < model->n_flights; i++) {
    if (model->flights[i]->entry == entry) {
      return model->flights[i];
    }
  }
  return NULL;
}

static enum hf_cache_verdict expected(const struct model *model,
                                      int key,
                                      bool away) {
  const struct fact *fact = &model->facts[key];
  uint64_t age = model->now - fact->as_of;
  if (fact->kept && age < TTL) {
    return HF_CACHE_HIT;
  }
  if (fact->flight == NULL) {
    return HF_CACHE_FILL;
  }
  return fact->kept && away && age < TTL + STALE ? HF_CACHE_STALE
                                                 : HF_CACHE_JOIN;
}

static void model_ask(struct model *model) {
  int key = (int)pick(model, KEYS);
  bool away = pick(model, 2) == 0;
  struct hf_cache_query query = question_of(key, away);
  struct fact *fact = &model->facts[key];
  struct hf_cache_entry *entry;
  enum hf_cache_verdict verdict;
  if (model->n_flights == FLIGHTS) {
    return;
  }
  verdict = hf_cache_lookup(&model->cache, &query, model->now, &entry);
  assert_int_equal(verdict, expected(model, key, away));
  if (verdict == HF_CACHE_HIT || verdict == HF_CACHE_STALE) {
    assert_int_equal(payload_value(entry), fact->value);
  } else if (verdict == HF_CACHE_FILL) {
    struct flight *flight = calloc(1, sizeof *flight);
    model->flights[model->n_flights++] = flight;
    flight->entry = entry;
    flight->key = key;
    fact->flight = entry;
  } else {
    struct flight *flight = flight_of(model, entry);
    assert_ptr_equal(entry, fact->flight);
    if (flight->n_waiters < 4) {
      hf_cache_wait(&model->cache,
                    entry,
                    &flight->waiters[flight->n_waiters++],
                    model->now + pick(model, TTL) + 1);
    }
  }
}

/* Ends a flight: every waiter is counted once. */
static void model_end_flight(struct model *model) {
  struct flight *flight;
  struct fact *fact;
  struct hf_cache_query query;
  int i;
  if (model->n_flights == 0) {
    return;
  }
  i = (int)pick(model, (uint32_t)model->n_flights);
  flight = model->flights[i];
  model->flights[i] = model->flights[--model->n_flights];
  fact = &model->facts[flight->key];
  query = question_of(flight->key, false);
  while (hf_cache_next_waiter(&model->cache, flight->entry) != NULL) {
  }
  if (pick(model, 3) == 0) {
    hf_cache_failed(&model->cache, flight->entry);
  } else {
    int value = ++model->last_value;
    bool kept = answer_flight(&model->cache,
                              flight->entry,
                              value,
                              SIZE,
                              &query,
                              model->now);
    assert_int_equal(kept, !flight->dropped);
    if (kept) {
      fact->kept = true;
      fact->as_of = model->now;
      fact->value = value;
    }
  }
  if (!flight->dropped) {
    fact->flight = NULL;
  }
  free(flight);
}

static void model_invalidate(struct model *model) {
  bool all = pick(model, 4) == 0;
  int count = 0;
  int key;
  int i;
  for (key = 0; key < KEYS; key++) {
    struct fact *fact = &model->facts[key];
    if (all || key % 2 == 0) {
      count += fact->kept || fact->flight != NULL;
      for (i = 0; i < model->n_flights; i++) {
        model->flights[i]->dropped |= model->flights[i]->key == key;
      }
      *fact = (struct fact){0};
    }
  }
  assert_int_equal(hf_cache_invalidate(&model->cache, all ? NULL : "teven"),
                   count);
}

static void model_pass_time(struct model *model) {
  struct hf_cache_entry *entry;
  const struct hf_cache_waiter *waiter;
  model->now += pick(model, TTL / 2);
  while ((waiter = hf_cache_due(&model->cache, model->now, &entry)) != NULL) {
    assert_non_null(flight_of(model, entry));
  }
  assert_true(hf_cache_next_us(&model->cache) > model->now);
}

static void random_operations_agree_with_a_simple_model(void **state) {
  static struct model model;
  int i;
  (void)state;
  memset(&model, 0, sizeof model);
  open_cache(&model.cache);
  model.random = 20;
  for (i = 0; i < 100000; i++) {
    switch (pick(&model, 8)) {
    case 0:
    case 1:
    case 2:
      model_ask(&model);
      break;
    case 3:
    case 4:
      model_pass_time(&model);
      break;
    case 5:
      if (pick(&model, 8) == 0) {
        model_invalidate(&model);
      }
      break;
    default:
      model_end_flight(&model);
    }
    hf_cache_assert(&model.cache);
  }
  while (model.n_flights > 0) {
    model_end_flight(&model);
  }
  close_cache(&model.cache);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(random_operations_agree_with_a_simple_model)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
