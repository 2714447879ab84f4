/* SPDX-License-Identifier: MIT */
/*
 * Look-ups of names, on threads of their own: getaddrinfo() cannot be
 * interrupted, and a resolver that is away holds its threads for half a minute.
 * Whoever wants the same name at the same time waits for the same look-up, so
 * that one dead name never holds more than two threads.
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

/* Somebody who waits for a name's addresses. */
struct hf_resolve_wait {
  struct hf_link link;
  struct hf_resolve *lookup; /* NULL = waits no more */
  /* `found` is borrowed; NULL: `error` says why. From the loop, once. */
  void (*done)(struct hf_resolve_wait *wait,
               const struct hf_addresses *found,
               const struct hf_error *error);
};

/* Looks a name up, or joins who does. As hf_workers_submit. */
HF_NODISCARD enum hf_status hf_resolve_start(struct hf_loop *loop,
                                             const char *name,
                                             struct hf_resolve_wait *wait);

/* Stops waiting; `done` is not called. Nothing when nothing is waited for. */
void hf_resolve_leave(struct hf_resolve_wait *wait);

/*
 * Gives up what nobody waits for, for an engine that ends. Returns whether
 * nothing is left that could still come back.
 */
bool hf_resolve_give_up_all(struct hf_loop *loop);

#endif
