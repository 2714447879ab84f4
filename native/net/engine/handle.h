/* SPDX-License-Identifier: MIT */
/*
 * Handles on a pool. Each ends for itself, with its own drain time; the last
 * one ends the pool.
 *
 * Ownership: the port's.
 *
 * Threads: the engine's thread only.
 */
#ifndef HF_NET_ENGINE_HANDLE_H
#define HF_NET_ENGINE_HANDLE_H

#include <stdbool.h>

#include "holdfast.h"

struct hf_handle;
struct hf_netpool;

/* Adds a handle to a pool. */
void hf_handle_attach(struct hf_netpool *pool, struct hf_handle *handle);

/*
 * Removes a handle from its pool. The last one ends the pool. `orphan`: the
 * environment is gone, and nobody reads answers any more.
 */
void hf_handle_detach(struct hf_netpool *pool,
                      struct hf_handle *handle,
                      bool orphan);

/*
 * Begins end() of a handle, which is answered when its calls and leases have
 * ended. Those that have not after the drain time are cut short.
 */
void hf_handle_end(struct hf_netpool *pool,
                   struct hf_handle *handle,
                   const struct hf_op *op);

/*
 * Suspends the pool for a handle, or resumes it for all. It also resumes when
 * the last handle that has suspended it goes.
 */
void hf_handle_suspend(struct hf_netpool *pool, struct hf_handle *handle);

void hf_handle_resume_all(struct hf_netpool *pool);

#endif
