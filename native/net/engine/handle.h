/* SPDX-License-Identifier: MIT */
/*
 * Handles on a pool: each has work, time and an end of its own; the last one
 * ends the pool.
 *
 * Ownership: the port's.
 * Threads: the engine's thread only.
 */
#ifndef HF_NET_ENGINE_HANDLE_H
#define HF_NET_ENGINE_HANDLE_H

#include <stdbool.h>

#include "holdfast.h"

struct hf_handle;
struct hf_netpool;

/* Puts one more handle on a pool. */
void hf_handle_attach(struct hf_netpool *pool, struct hf_handle *handle);

/*
 * Takes a handle away; the last one ends the pool. With `orphan` its
 * environment is gone: nobody reads what still runs.
 */
void hf_handle_detach(struct hf_netpool *pool,
                      struct hf_handle *handle,
                      bool orphan);

/*
 * end() of a handle: answered when its work is done. What is not done within
 * drain_ms is cut short, of this handle and of no other.
 */
void hf_handle_end(struct hf_netpool *pool,
                   struct hf_handle *handle,
                   const struct hf_op *op);

/*
 * Suspends a pool in a handle's name, or resumes it for all. It resumes by
 * itself when no handle is left that suspended it.
 */
void hf_handle_suspend(struct hf_netpool *pool, struct hf_handle *handle);

void hf_handle_resume_all(struct hf_netpool *pool);

#endif
