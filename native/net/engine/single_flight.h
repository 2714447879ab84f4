/* SPDX-License-Identifier: MIT */
/*
 * The query cache of a handle: the core's policy, with calls that fill and
 * wait, and the messages of a result as what is kept.
 *
 * It belongs to the handle and not to the pool, because results name their
 * columns by the port's numbers. Invalidating reaches all handles of a pool.
 *
 * Ownership: the handle's; made by its first cached query.
 * Threads: the engine's thread only.
 */
#ifndef HF_NET_ENGINE_SINGLE_FLIGHT_H
#define HF_NET_ENGINE_SINGLE_FLIGHT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/cache/cache.h"
#include "holdfast.h"

struct hf_call;
struct hf_handle;
struct hf_netpool;

struct hf_query_cache {
  struct hf_cache cache;
  struct hf_handle *handle;
  char *key; /* of the question at hand; the buffer is kept */
  size_t key_size;
  uint64_t published_bytes, published_evictions; /* to the pool's statistics */
  bool was_unavailable;                          /* as of the last turn */
  bool
      check_stale; /* a flight that may have to be answered from what is kept */
};

/* What a call has to do with the cache; hf_call.cached. */
struct hf_query_cache_call {
  struct hf_cache_waiter waiter;
  struct hf_call *call;
  struct hf_cache_entry *entry; /* whose filler it is, or NULL */
  struct hf_cache_max_age terms;
  bool answered; /* the user has an older answer; it only fills */
};

/* Brings the pool's statistics up to date. */
void hf_query_cache_publish(struct hf_query_cache *cached);

/* Fails a call that waits no more, for a reason of its own; frees it. */
void hf_query_cache_give_up(struct hf_call *call, enum hf_status status);

/* The core has done with a call that has to do with the cache: answers it. */
void hf_query_cache_answer(struct hf_call *call);

/* Does what is due and what was put off. */
void hf_query_cache_end_turn(struct hf_handle *handle);

/* Returns when hf_query_cache_end_turn has to be called, UINT64_MAX = never. */
uint64_t hf_query_cache_next_us(const struct hf_handle *handle);

/* Frees the cache with the calls that wait; nobody is told. */
void hf_query_cache_close(struct hf_handle *handle);

#endif
