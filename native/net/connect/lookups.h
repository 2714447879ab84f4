/* SPDX-License-Identifier: MIT */
/*
 * The names of a target's hosts, looked up side by side.
 *
 * Ownership: the struct is the caller's memory. Borrows the hosts until
 *            hf_lookups_stop.
 * Threads: the engine's thread only.
 */
#ifndef HF_NET_CONNECT_LOOKUPS_H
#define HF_NET_CONNECT_LOOKUPS_H

#include "holdfast.h"

struct hf_error;
struct hf_host;
struct hf_hosts;
struct hf_loop;
struct hf_lookup;

struct hf_lookups {
  struct hf_lookup *list; /* one for each host */
  int n;
  void (*done)(void *ctx, struct hf_host *host, const struct hf_error *error);
  void *ctx;
};

/*
 * Looks up the name of each host that is not known. `done` follows for each,
 * from the loop: its addresses are set, or `error` says why there are none.
 * Without either there was no memory for the addresses. Returns HF_NO_MEMORY,
 * or as hf_resolve_start.
 */
HF_NODISCARD enum hf_status hf_lookups_start(
    struct hf_lookups *lookups,
    struct hf_loop *loop,
    struct hf_hosts *hosts,
    void (*done)(void *ctx, struct hf_host *host, const struct hf_error *error),
    void *ctx);

/* Stops waiting for names; `done` is not called any more. */
void hf_lookups_stop(struct hf_lookups *lookups);

#endif
