/* SPDX-License-Identifier: MIT */
/*
 * The query cache of a handle. Equal queries at the same time are one
 * statement: the leader's call is sent, the others wait for its result.
 *
 * A cache belongs to a handle, not to a pool, because results refer to row
 * descriptions by numbers of the port.
 *
 * Ownership: the handle's; made for its first cached query.
 *
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
  char *key; /* of the current query; the buffer is kept */
  size_t key_size;
  uint64_t published_bytes,
      published_evictions; /* in the pool's statistics so far */
  bool was_unavailable;    /* at the end of the last turn */
  bool check_stale; /* some calls may have to be answered by an older result */
};

/* The part of a call that concerns the cache: hf_call.cached. */
struct hf_query_cache_call {
  struct hf_cache_waiter waiter;
  struct hf_call *call;
  struct hf_cache_entry *entry; /* whose leader it is, or NULL */
  struct hf_cache_max_age max_age;
  bool answered; /* the user was answered; the result is still cached */
};

/* Updates the pool's statistics. */
void hf_query_cache_publish(struct hf_query_cache *cached);

/* Fails a call that does not wait any more, and frees it. */
void hf_query_cache_give_up(struct hf_call *call, enum hf_status status);

/* Answers a cached call that was delivered, and those that wait for it. */
void hf_query_cache_answer(struct hf_call *call);

/* Does what is due at the end of a turn. */
void hf_query_cache_end_turn(struct hf_handle *handle);

/* Returns when hf_query_cache_end_turn is due, UINT64_MAX = never. */
uint64_t hf_query_cache_next_us(const struct hf_handle *handle);

/* Frees the cache, and the calls that wait, without answers. */
void hf_query_cache_close(struct hf_handle *handle);

#endif
