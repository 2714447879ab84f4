/* SPDX-License-Identifier: MIT */
#include "net/connect/hosts.h"

#include <stdio.h>
#include <string.h>

#include "core/base/alloc.h"
#include "net/base/socket.h"
#include "net/connect/target.h"

/* A position in a list that is separated by commas. */
struct cursor {
  const char *at; /* NULL = exhausted */
};

/* Returns a copy of the next element, "" after the last; NULL: no memory. */
static char *next_element(struct cursor *cursor) {
  size_t bytes;
  char *copy;
  if (cursor->at == NULL) {
    return hf_strndup("", 0);
  }
  bytes = strcspn(cursor->at, ",");
  copy = hf_strndup(cursor->at, bytes);
  cursor->at = cursor->at[bytes] == ',' ? cursor->at + bytes + 1 : NULL;
  return copy;
}

static int count_elements(const char *list) {
  int n = list == NULL ? 0 : 1;
  for (; list != NULL && *list != '\0'; list++) {
    n += *list == ',' ? 1 : 0;
  }
  return n;
}

bool hf_host_is_literal(const char *name) {
  struct in6_addr six;
  struct in_addr four;
  return *name == '\0' || *name == '/' || *name == '@' ||
         inet_pton(AF_INET, name, &four) == 1 ||
         inet_pton(AF_INET6, name, &six) == 1;
}

static bool is_number(const char *name) {
  return hf_host_is_literal(name) && *name != '\0' && *name != '/' &&
         *name != '@';
}

/* Gives the host one route, to an address or (NULL) to no address. */
static enum hf_status set_route(struct hf_host *host, const char *address) {
  host->routes = hf_calloc(1, sizeof *host->routes);
  if (host->routes == NULL) {
    return HF_NO_MEMORY;
  }
  if (address != NULL) {
    (void)snprintf(host->routes->address,
                   sizeof host->routes->address,
                   "%s",
                   address);
  }
  host->n_routes = 1;
  host->known = true;
  return HF_OK;
}

static enum hf_status read_one(struct hf_host *host,
                               struct cursor *names,
                               struct cursor *addresses,
                               const char *port) {
  char *address = next_element(addresses);
  enum hf_status status = HF_OK;
  host->name = next_element(names);
  host->port = hf_strndup(port, strlen(port));
  if (address == NULL || host->name == NULL || host->port == NULL) {
    status = HF_NO_MEMORY;
  } else if (*address != '\0') {
    status = set_route(host, address);
  } else if (is_number(host->name)) {
    status = set_route(host, host->name);
  } else if (hf_host_is_literal(host->name)) {
    status = set_route(host, NULL);
  }
  hf_free(address);
  return status;
}

static enum hf_status refuse(struct hf_error *error,
                             enum hf_status status,
                             const char *message) {
  hf_error_set(error, status, HF_PHASE_CONNECT, message);
  return status;
}

enum hf_status hf_hosts_read(struct hf_hosts *hosts,
                             const struct hf_target *target,
                             struct hf_error *error) {
  struct cursor names = {hf_target_get(target, "host")};
  struct cursor addresses = {hf_target_get(target, "hostaddr")};
  struct cursor ports = {hf_target_get(target, "port")};
  int n = count_elements(addresses.at != NULL ? addresses.at : names.at);
  int n_ports = count_elements(ports.at);
  char *port = NULL;
  enum hf_status status = HF_OK;
  int i;

  *hosts = (struct hf_hosts){0};
  if ((names.at != NULL && count_elements(names.at) != n) ||
      (n_ports > 1 && n_ports != n)) {
    return refuse(error,
                  HF_PARAM_INVALID,
                  "host, hostaddr and port: the lists differ in length");
  }
  n = n == 0 ? 1 : n;
  hosts->list = hf_calloc((size_t)n, sizeof *hosts->list);
  if (hosts->list == NULL) {
    return refuse(error, HF_NO_MEMORY, NULL);
  }
  hosts->n = n;
  for (i = 0; i < n && status == HF_OK; i++) {
    if (port == NULL || n_ports > 1) { /* one port is for all hosts */
      hf_free(port);
      port = next_element(&ports);
    }
    status = port == NULL ? HF_NO_MEMORY
                          : read_one(&hosts->list[i], &names, &addresses, port);
  }
  hf_free(port);
  if (status != HF_OK) {
    hf_hosts_finish(hosts);
    return refuse(error, status, NULL);
  }
  return HF_OK;
}

void hf_hosts_finish(struct hf_hosts *hosts) {
  int i;
  for (i = 0; i < hosts->n; i++) {
    hf_free(hosts->list[i].name);
    hf_free(hosts->list[i].port);
    hf_free(hosts->list[i].routes);
  }
  hf_free(hosts->list);
  *hosts = (struct hf_hosts){0};
}

enum hf_status hf_hosts_set_one(struct hf_hosts *hosts,
                                const char *name,
                                const char *address,
                                const char *port) {
  struct hf_host *host = hf_calloc(1, sizeof *host);
  *hosts = (struct hf_hosts){.list = host};
  if (host == NULL) {
    return HF_NO_MEMORY;
  }
  hosts->n = 1;
  host->name = hf_strndup(name, strlen(name));
  host->port = hf_strndup(port, strlen(port));
  return host->name == NULL || host->port == NULL ? HF_NO_MEMORY
                                                  : set_route(host, address);
}

struct hf_route *hf_hosts_route(const struct hf_hosts *hosts,
                                struct hf_route_choice choice) {
  return &hosts->list[choice.host].routes[choice.route];
}

bool hf_hosts_find_new(const struct hf_hosts *hosts,
                       bool wait_for_names,
                       struct hf_route_choice *choice) {
  int i, j;
  for (i = 0; i < hosts->n; i++) {
    const struct hf_host *host = &hosts->list[i];
    if (!host->known && wait_for_names) {
      return false;
    }
    for (j = 0; j < host->n_routes; j++) {
      if (host->routes[j].state == HF_ROUTE_NEW) {
        *choice = (struct hf_route_choice){i, j};
        return true;
      }
    }
  }
  return false;
}

int hf_hosts_count_new(const struct hf_hosts *hosts) {
  int n = 0;
  int i, j;
  for (i = 0; i < hosts->n; i++) {
    const struct hf_host *host = &hosts->list[i];
    n += host->known ? 0 : 1;
    for (j = 0; j < host->n_routes; j++) {
      n += host->routes[j].state == HF_ROUTE_NEW ? 1 : 0;
    }
  }
  return n;
}

void hf_hosts_renew(struct hf_hosts *hosts) {
  int i, j;
  for (i = 0; i < hosts->n; i++) {
    for (j = 0; j < hosts->list[i].n_routes; j++) {
      hosts->list[i].routes[j].state = HF_ROUTE_NEW;
    }
  }
}

bool hf_hosts_is_first(const struct hf_hosts *hosts,
                       struct hf_route_choice choice) {
  int i;
  for (i = 0; i < choice.host; i++) {
    if (!hosts->list[i].known || hosts->list[i].n_routes > 0) {
      return false;
    }
  }
  return choice.route == 0;
}

enum hf_status hf_host_set_addresses(struct hf_host *host,
                                     const struct hf_addresses *found) {
  int i;
  host->routes = hf_calloc((size_t)found->n + 1, sizeof *host->routes);
  if (host->routes == NULL) {
    return HF_NO_MEMORY;
  }
  for (i = 0; i < found->n; i++) {
    memcpy(host->routes[i].address, found->list[i], HF_ADDRESS_BYTES);
  }
  host->n_routes = found->n;
  host->known = true;
  return HF_OK;
}

/* Returns a random number from 0 to n - 1. */
static int draw(int n, uint32_t (*random)(void *ctx), void *ctx) {
  return (int)(((uint64_t)random(ctx) * (uint64_t)n) >> 32);
}

void hf_hosts_shuffle(struct hf_hosts *hosts,
                      uint32_t (*random)(void *ctx),
                      void *ctx) {
  int i;
  for (i = hosts->n - 1; i > 0; i--) {
    int j = draw(i + 1, random, ctx);
    struct hf_host other = hosts->list[j];
    hosts->list[j] = hosts->list[i];
    hosts->list[i] = other;
  }
}

void hf_host_shuffle(struct hf_host *host,
                     uint32_t (*random)(void *ctx),
                     void *ctx) {
  int i;
  for (i = host->n_routes - 1; i > 0; i--) {
    int j = draw(i + 1, random, ctx);
    struct hf_route other = host->routes[j];
    host->routes[j] = host->routes[i];
    host->routes[i] = other;
  }
}

/* ---- addresses ----------------------------------------------------------- */

static bool add_address(struct hf_addresses *addresses,
                        const struct addrinfo *found) {
  if (addresses->n < HF_ADDRESSES_MAX &&
      getnameinfo(found->ai_addr,
                  (socklen_t)found->ai_addrlen,
                  addresses->list[addresses->n],
                  HF_ADDRESS_BYTES,
                  NULL,
                  0,
                  NI_NUMERICHOST) == 0) {
    addresses->n++;
    return true;
  }
  return false;
}

/* Returns the next address of the family, or not of it; NULL = none. */
static const struct addrinfo *next_of(const struct addrinfo *from,
                                      int family,
                                      bool same) {
  while (from != NULL && (from->ai_family == family) != same) {
    from = from->ai_next;
  }
  return from;
}

enum hf_status hf_addresses_copy(struct hf_addresses *addresses,
                                 const struct addrinfo *found) {
  int family = found == NULL ? AF_UNSPEC : found->ai_family;
  const struct addrinfo *first = found;
  const struct addrinfo *second = next_of(found, family, false);
  *addresses = (struct hf_addresses){0};
  addresses->list = hf_calloc(HF_ADDRESSES_MAX, sizeof *addresses->list);
  if (addresses->list == NULL) {
    return HF_NO_MEMORY;
  }
  while (first != NULL || second != NULL) {
    if (first != NULL) {
      (void)add_address(addresses, first);
      first = next_of(first->ai_next, family, true);
    }
    if (second != NULL) {
      (void)add_address(addresses, second);
      second = next_of(second->ai_next, family, false);
    }
  }
  return HF_OK;
}

void hf_addresses_finish(struct hf_addresses *addresses) {
  hf_free(addresses->list);
  *addresses = (struct hf_addresses){0};
}

bool hf_hosts_find_remembered(const struct hf_hosts *hosts,
                              const struct hf_target *target,
                              struct hf_route_choice *choice) {
  int i, j;
  for (i = 0; i < hosts->n; i++) {
    const struct hf_host *host = &hosts->list[i];
    for (j = 0; j < host->n_routes; j++) {
      if (host->routes[j].state == HF_ROUTE_NEW &&
          hf_target_remembers(target,
                              host->name,
                              host->routes[j].address,
                              host->port)) {
        *choice = (struct hf_route_choice){i, j};
        return true;
      }
    }
  }
  return false;
}
