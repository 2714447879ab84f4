/* SPDX-License-Identifier: MIT */
/* hf_pool_assert(): what holds whenever no entry of the pool is running. */
#include <assert.h>

#include "core/pool/pool.h"
#include "core/pool/state.h"

static void assert_slot(const struct hf_slot *slot, enum hf_slot_state state) {
  bool runs = !hf_list_empty(&slot->running);
  assert(slot->state == state);
  assert((slot->lease != NULL) == (state == HF_SLOT_LEASED));
  assert(slot->lease == NULL || slot->lease->slot == slot);
  assert(runs || state != HF_SLOT_BUSY);
  assert(!runs || state == HF_SLOT_BUSY || state == HF_SLOT_LEASED);
}

static void assert_hooks(const struct hf_pool *pool) {
  struct hf_link *link;
  size_t n = 0;
  HF_LIST_EACH(link, &pool->slots_in[HF_SLOT_LEASED]) {
    n += hf_slot_of(link)->lease->runs_hook;
  }
  assert(n == pool->hooks_running);
}

static void assert_slots(const struct hf_pool *pool) {
  size_t total = 0;
  int state;
  for (state = 0; state < HF_SLOT_STATES; state++) {
    struct hf_link *link;
    size_t n = 0;
    HF_LIST_EACH(link, &pool->slots_in[state]) {
      assert_slot(hf_slot_of(link), (enum hf_slot_state)state);
      n++;
    }
    assert(n == pool->slots_in[state].count);
    total += n;
  }
  assert(total == (size_t)pool->n_slots);
}

static void assert_requests(const struct hf_pool *pool) {
  struct hf_link *link;
  size_t waiting = 0;
  HF_LIST_EACH(link, &pool->requests) {
    const struct hf_request *request =
        HF_CONTAINER_OF(link, struct hf_request, of_all);
    assert(request->state != HF_REQUEST_DONE);
    assert((request->state == HF_REQUEST_RUNNING) == (request->slot != NULL));
    if (request->state == HF_REQUEST_WAITING &&
        request->kind != HF_REQUEST_STATEMENT) {
      waiting++;
    }
    assert(request->state != HF_REQUEST_BACKOFF || request->timer.queued);
  }
  assert(waiting == pool->waiting.count);
  assert(hf_list_empty(&pool->done));
}

void hf_pool_assert(const struct hf_pool *pool) {
  assert_slots(pool);
  assert_hooks(pool);
  assert_requests(pool);
}
