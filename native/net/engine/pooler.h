/* SPDX-License-Identifier: MIT */
/*
 * Detects whether there is a pooler between a pool and its server.
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

/* Returns whether the pool's options leave it to detection. */
bool hf_pooler_is_auto(const struct hf_netpool *pool);

/* Returns whether the next connection is asked for the server's process id. */
bool hf_pooler_should_detect(const struct hf_netpool *pool);

/*
 * Returns whether the next connection is opened with the pool's settings as
 * start-up options, to which RESET ALL and DISCARD ALL return. Behind a proxy
 * they would stay on a server connection that other clients use: there only
 * when nothing else works.
 */
bool hf_pooler_takes_settings_at_start(const struct hf_netpool *pool);

/*
 * Returns whether a new connection is taken for that of a pooler. One whose
 * server does not tell its process id is not.
 */
bool hf_pooler_judge(struct hf_netpool *pool, const struct hf_connect_job *job);

/* Compares a slot's connection with the others, which may show a pooler. */
void hf_pooler_compare(struct hf_netpool *pool, struct hf_slot *slot);

/* Returns whether an error is about start-up options. */
bool hf_pooler_refuses_start(const struct hf_error *error);

/*
 * PgBouncer refuses start-up parameters that it does not know. From then on
 * settings are set in another way, and a name for display is omitted. Returns
 * whether that makes another attempt worth while.
 */
bool hf_pooler_omits(struct hf_netpool *pool,
                     const struct hf_error *error,
                     bool with_settings);

#endif
