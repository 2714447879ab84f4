/* SPDX-License-Identifier: MIT */
/*
 * The hosts of a target and their addresses, in the order in which they are
 * tried.
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

/* Numeric addresses, in the order in which they are tried. */
struct hf_addresses {
  int n;
  char (*list)[HF_ADDRESS_BYTES];
};

enum hf_route_state {
  HF_ROUTE_NEW,   /* not tried yet, or closed before anything was sent */
  HF_ROUTE_TRIED, /* an attempt is under way */
  HF_ROUTE_FAILED
};

struct hf_route {
  char address[HF_ADDRESS_BYTES]; /* "" = none is needed: a Unix socket */
  enum hf_route_state state;
};

struct hf_host {
  char *name; /* "" = none, only an address */
  char *port; /* "" = libpq's default */
  bool known; /* its routes are; else the name has to be looked up */
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
 * Reads the lists of a target. Hosts that need no look-up get their route; a
 * target without hosts gets one that leaves everything to libpq. Returns HF_OK,
 * or HF_PARAM_INVALID or HF_NO_MEMORY with `error` filled in.
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

/* Gives a host its addresses, and makes it known. HF_NO_MEMORY. */
HF_NODISCARD enum hf_status hf_host_set_addresses(
    struct hf_host *host,
    const struct hf_addresses *found);

/* Shuffles the hosts and their addresses, or the addresses of one host. */
void hf_hosts_shuffle(struct hf_hosts *hosts,
                      uint32_t (*random)(void *ctx),
                      void *ctx);
void hf_host_shuffle(struct hf_host *host,
                     uint32_t (*random)(void *ctx),
                     void *ctx);

/* Returns whether a host needs no look-up. */
bool hf_host_is_literal(const char *name);

/*
 * Copies addresses, alternating between the families, so that one that does not
 * work costs one attempt. HF_NO_MEMORY.
 */
HF_NODISCARD enum hf_status hf_addresses_copy(struct hf_addresses *addresses,
                                              const struct addrinfo *found);
void hf_addresses_finish(struct hf_addresses *addresses);

/*
 * Finds the new route that the target remembers. The engine's thread only.
 */
bool hf_hosts_find_remembered(const struct hf_hosts *hosts,
                              const struct hf_target *target,
                              struct hf_route_choice *choice);

#endif
