/* SPDX-License-Identifier: MIT */
#include "core/pool/size.h"

#include <assert.h>

#include "core/base/alloc.h"
#include "core/pool/state.h"

/* Slots that were allocated together; the newest block comes first. */
struct hf_slot_block {
  struct hf_slot_block *older;
  int32_t count;
  struct hf_slot slots[];
};

static void init_slot(struct hf_pool *pool, struct hf_slot *slot) {
  slot->pool = pool;
  slot->lists = pool->slots_in;
  slot->state = HF_SLOT_EMPTY;
  slot->transaction = 'I';
  hf_list_init(&slot->running);
  hf_list_push(&pool->slots_in[HF_SLOT_EMPTY], &slot->link);
}

enum hf_status hf_size_add(struct hf_pool *pool, int32_t count) {
  struct hf_slot_block *block;
  int32_t i;
  block = hf_calloc(1, sizeof *block + (size_t)count * sizeof *block->slots);
  if (block == NULL) {
    return HF_NO_MEMORY;
  }
  block->count = count;
  block->older = pool->places;
  for (i = 0; i < count; i++) {
    init_slot(pool, &block->slots[i]);
  }
  pool->places = block;
  pool->n_slots += count;
  return HF_OK;
}

void hf_size_finish(struct hf_pool *pool) {
  while (pool->places != NULL) {
    struct hf_slot_block *block = pool->places;
    pool->places = block->older;
    hf_free(block);
  }
  pool->n_slots = 0;
}

struct hf_slot *hf_pool_slot(const struct hf_pool *pool, int32_t index) {
  struct hf_slot_block *block = pool->places;
  int32_t first = pool->n_slots;
  assert(index >= 0 && index < pool->n_slots);
  while (index < (first -= block->count)) {
    block = block->older;
  }
  return &block->slots[index - first];
}

/* Connections that are being closed still count. */
static int32_t used(const struct hf_pool *pool) {
  return pool->n_slots - (int32_t)hf_pool_count(pool, HF_SLOT_EMPTY);
}

bool hf_size_has_room(const struct hf_pool *pool) {
  return used(pool) < pool->config.max;
}

bool hf_size_is_over(const struct hf_pool *pool) {
  return used(pool) - (int32_t)hf_pool_count(pool, HF_SLOT_CLOSING) >
         pool->config.max;
}
