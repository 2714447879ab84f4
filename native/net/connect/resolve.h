/* SPDX-License-Identifier: MIT */
/*
 * Looks names up, on worker threads of their own: getaddrinfo() cannot be
 * interrupted, and takes half a minute when the resolver does not answer.
 * Look-ups of the same name at the same time are one, so that a name holds two
 * threads at most.
 *
 * Ownership: the waiting struct is the caller's, until `done` was called or
 *            hf_resolve_leave.
 * Threads: the engine's thread only.
 */
#ifndef HF_NET_CONNECT_RESOLVE_H
#define HF_NET_CONNECT_RESOLVE_H

#include <stdbool.h>

#include "core/base/list.h"
#include "holdfast.h"

struct hf_addresses;
struct hf_loop;
struct hf_error;
struct hf_resolve;

/* A caller that waits for the addresses of a name. */
struct hf_resolve_wait {
  struct hf_link link;
  struct hf_resolve *lookup; /* NULL = not waiting */
  /* Called once, from the loop. Borrows; `found` NULL: `error` says why. */
  void (*done)(struct hf_resolve_wait *wait,
               const struct hf_addresses *found,
               const struct hf_error *error);
};

/* Looks a name up. Returns HF_NO_MEMORY, or as hf_workers_submit. */
HF_NODISCARD enum hf_status hf_resolve_start(struct hf_loop *loop,
                                             const char *name,
                                             struct hf_resolve_wait *wait);

/* Stops waiting; `done` is not called any more. Accepts one not waiting. */
void hf_resolve_leave(struct hf_resolve_wait *wait);

/*
 * Abandons all look-ups, before the engine ends; nobody waits for them. Returns
 * whether none is left that will still be posted to the loop.
 */
bool hf_resolve_give_up_all(struct hf_loop *loop);

#endif
