/* SPDX-License-Identifier: MIT */
/*
 * Whether a pooler stands between a pool and its server, and what of that is
 * to be found out of a new connection.
 *
 * Threads: the engine's thread only.
 */
#ifndef HF_NET_ENGINE_POOLER_H
#define HF_NET_ENGINE_POOLER_H

#include <stdbool.h>

struct hf_connect_job;
struct hf_error;
struct hf_netpool;
struct hf_slot;

/* Returns whether it is for us to find out. */
bool hf_pooler_is_auto(const struct hf_netpool *pool);

/* Returns whether the next connection is to be asked for its process. */
bool hf_pooler_should_detect(const struct hf_netpool *pool);

/*
 * Returns whether the next connection is opened with the pool's settings. A
 * session of our own has them from its start, so that RESET ALL and DISCARD
 * ALL come back to them. On a server connection that others use they would
 * stay: through a proxy only where nothing else holds.
 */
bool hf_pooler_takes_settings_at_start(const struct hf_netpool *pool);

/*
 * Returns whether a connection that is open now is taken for a pooler's. A
 * server that will not tell its process id is none.
 */
bool hf_pooler_judge(struct hf_netpool *pool, const struct hf_connect_job *job);

/* Looks at a slot's connection beside the others: may find a pooler. */
void hf_pooler_compare(struct hf_netpool *pool, struct hf_slot *slot);

/* Returns whether an error is about what a connection was opened with. */
bool hf_pooler_refuses_start(const struct hf_error *error);

#endif
