/* SPDX-License-Identifier: MIT */
/*
 * The hosts of a target and the addresses each of them has: what can be tried,
 * in which order.
 *
 * Ownership: the lists are the caller's. Threads: any, one at a time.
 */
#ifndef HF_NET_CONNECT_HOSTS_H
#define HF_NET_CONNECT_HOSTS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/error.h"

struct addrinfo;
struct hf_target;

enum { HF_ADDRESS_BYTES = 128, HF_ADDRESSES_MAX = 64 };

/* Addresses in numbers, in the order they are worth trying. */
struct hf_addresses {
  int n;
  char (*list)[HF_ADDRESS_BYTES];
};

enum hf_route_state {
  HF_ROUTE_NEW,   /* not tried, or given up before it mattered */
  HF_ROUTE_TRIED, /* an attempt is under way */
  HF_ROUTE_FAILED
};

struct hf_route {
  char address[HF_ADDRESS_BYTES]; /* "" = none is needed: a Unix socket */
  enum hf_route_state state;
};

struct hf_host {
  char *name; /* "" = only an address was given */
  char *port; /* "" = libpq's default */
  bool known; /* its routes are there; else the name is to be looked up */
  int n_routes;
  struct hf_route *routes;
};

struct hf_hosts {
  int n;
  struct hf_host *list;
};

/* One route of one host, by their places in the lists. */
struct hf_route_choice {
  int host, route;
};

/*
 * Reads a target's lists. What needs no look-up has its route at once; a
 * target without any host gets one that leaves everything to libpq. Returns
 * HF_OK, or HF_PARAM_INVALID or HF_NO_MEMORY with `error` filled in.
 */
HF_NODISCARD enum hf_status hf_hosts_read(struct hf_hosts *hosts,
                                          const struct hf_target *target,
                                          struct hf_error *error);

/* Makes lists of one host with one address. HF_NO_MEMORY: finish the lists. */
HF_NODISCARD enum hf_status hf_hosts_set_one(struct hf_hosts *hosts,
                                             const char *name,
                                             const char *address,
                                             const char *port);

/* Frees the lists. Accepts zeroed memory. */
void hf_hosts_finish(struct hf_hosts *hosts);

/* Returns the route of a choice. */
struct hf_route *hf_hosts_route(const struct hf_hosts *hosts,
                                struct hf_route_choice choice);

/*
 * Finds the first route that is NEW. With `wait_for_names` there is none
 * behind a host whose name is still being looked up.
 */
bool hf_hosts_find_new(const struct hf_hosts *hosts,
                       bool wait_for_names,
                       struct hf_route_choice *choice);

/* Returns how many routes are NEW; a name that is looked up counts as one. */
int hf_hosts_count_new(const struct hf_hosts *hosts);

/* Makes all routes NEW. */
void hf_hosts_renew(struct hf_hosts *hosts);

/* Returns whether nothing precedes this route. */
bool hf_hosts_is_first(const struct hf_hosts *hosts,
                       struct hf_route_choice choice);

/* Gives a host its addresses; it is known then. HF_NO_MEMORY. */
HF_NODISCARD enum hf_status hf_host_set_addresses(
    struct hf_host *host,
    const struct hf_addresses *found);

/* Puts hosts in an order of chance; each host's addresses as well. */
void hf_hosts_shuffle(struct hf_hosts *hosts,
                      uint32_t (*random)(void *ctx),
                      void *ctx);
void hf_host_shuffle(struct hf_host *host,
                     uint32_t (*random)(void *ctx),
                     void *ctx);

/* Returns whether this can be used as it is, without a look-up. */
bool hf_host_is_literal(const char *name);

/*
 * Copies addresses, of both families by turns so that a dead one costs one
 * attempt and not all of its own. HF_NO_MEMORY.
 */
HF_NODISCARD enum hf_status hf_addresses_copy(struct hf_addresses *addresses,
                                              const struct addrinfo *found);
void hf_addresses_finish(struct hf_addresses *addresses);

#endif
