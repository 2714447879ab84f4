/* SPDX-License-Identifier: MIT */
/*
 * A server that stopped taking writes (25006): it was demoted, or its disk is
 * full. Another may have taken its place, so one new connection is opened to
 * look. When that one may not write either, the pool remembers it for some
 * seconds: writes fail at once, and no connection is closed for them.
 *
 * Threads: the pool's.
 */
#ifndef HF_CORE_POOL_DEMOTION_H
#define HF_CORE_POOL_DEMOTION_H

#include <stdbool.h>
#include <stddef.h>

struct hf_pool;
struct hf_request;
struct hf_slot;

/* What a refused write is to do. */
enum hf_demotion {
  HF_DEMOTION_NONE,  /* it was no refusal by the server */
  HF_DEMOTION_RETRY, /* to go again, on a connection that is still to come */
  HF_DEMOTION_FAIL_FOR_NOW, /* to fail, though another server may be found */
  HF_DEMOTION_FAIL          /* to fail: there is none */
};

/* Judges request->error, of an attempt that ran on its slot. */
enum hf_demotion hf_demotion_judge(struct hf_pool *pool,
                                   struct hf_request *request);

/*
 * Returns whether the slot of a refused write has to go: there is no room to
 * look otherwise.
 */
bool hf_demotion_discards(const struct hf_pool *pool);

/* A statement that writes succeeded on a slot. */
void hf_demotion_note_write(struct hf_pool *pool, struct hf_slot *slot);

/* No server of the list takes writes: a connect said so. */
void hf_demotion_note_refused_connect(struct hf_pool *pool);

/* Returns whether a request may run on a slot: it waits for a newer one else.
 */
bool hf_demotion_allows(const struct hf_request *request,
                        const struct hf_slot *slot);

/* Those that look take any connection: the pool opens none for that now. */
void hf_demotion_stop_search(struct hf_pool *pool);

/* Returns how many connections those that wait could use at once. */
size_t hf_demotion_demand(const struct hf_pool *pool);

#endif
