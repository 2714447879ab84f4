/* SPDX-License-Identifier: MIT */
/*
 * Handles servers that refuse writes (25006): a demoted primary, or one whose
 * disk is full. Another server may be the primary by now, so one new connection
 * is opened to find out. If that one refuses writes too, the pool remembers it
 * for a few seconds: writes fail at once and no connection is closed because of
 * them.
 *
 * Threads: the engine's thread only.
 */
#ifndef HF_CORE_POOL_DEMOTION_H
#define HF_CORE_POOL_DEMOTION_H

#include <stdbool.h>
#include <stddef.h>

struct hf_pool;
struct hf_request;
struct hf_slot;

/* What to do with a write that was refused. */
enum hf_demotion {
  HF_DEMOTION_NONE,         /* the server did not refuse it */
  HF_DEMOTION_RETRY,        /* retry on a connection that is yet to be opened */
  HF_DEMOTION_FAIL_FOR_NOW, /* fail, but as retryable: another server may be
                               found */
  HF_DEMOTION_FAIL          /* fail: no server takes writes */
};

/* Judges request->error after an attempt that ran on request->slot. */
enum hf_demotion hf_demotion_judge(struct hf_pool *pool,
                                   struct hf_request *request);

/*
 * Returns true when the connection of a refused write must be closed to make
 * room for a new one.
 */
bool hf_demotion_discards(const struct hf_pool *pool);

/* Notes that a write succeeded on a connection. */
void hf_demotion_note_write(struct hf_pool *pool, struct hf_slot *slot);

/* Notes that a connect failed because no server of the list takes writes. */
void hf_demotion_note_refused_connect(struct hf_pool *pool);

/*
 * Returns true when a request may run on a slot; false while it waits for a
 * newer connection.
 */
bool hf_demotion_allows(const struct hf_request *request,
                        const struct hf_slot *slot);

/*
 * Lets requests that wait for a newer connection run on any, because the pool
 * opens none for them now.
 */
void hf_demotion_stop_search(struct hf_pool *pool);

/* Returns how many connections the waiting requests could use at once. */
size_t hf_demotion_demand(const struct hf_pool *pool);

#endif
