/* SPDX-License-Identifier: MIT */
/*
 * Name look-up for a target's list of hosts. libpq would do it too, but once
 * per host and inside a call that has no other purpose than being quick.
 *
 * Ownership: the lists are the caller's. Threads: any.
 */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "core/alloc.h"
#include "net/connector_parts.h"
#include "net/target.h"

enum {
  ADDRESSES_MAX = 64, /* over all hosts; more would outlast any deadline */
  HOST_BYTES = 256,
  MESSAGE_BYTES = 512
};

/* One element after the other of a list separated by commas. */
struct cursor {
  const char *at; /* NULL = exhausted */
};

static bool next_element(struct cursor *cursor, char element[HOST_BYTES]) {
  size_t bytes;
  if (cursor->at == NULL) {
    return false;
  }
  bytes = strcspn(cursor->at, ",");
  if (bytes >= HOST_BYTES) {
    bytes = HOST_BYTES - 1;
  }
  memcpy(element, cursor->at, bytes);
  element[bytes] = '\0';
  cursor->at = strchr(cursor->at, ',');
  cursor->at = cursor->at == NULL ? NULL : cursor->at + 1;
  return true;
}

static int count_elements(const char *list) {
  int n = list == NULL ? 0 : 1;
  for (; list != NULL && *list != '\0'; list++) {
    n += *list == ',' ? 1 : 0;
  }
  return n;
}

/* The lists while they grow. */
struct builder {
  struct hf_routes *routes;
  bool named;     /* some element has a host */
  bool addressed; /* some element has an address */
  int n;
};

static bool append(char **list, const char *element, bool first) {
  size_t before = *list == NULL ? 0 : strlen(*list);
  size_t bytes = strlen(element);
  char *grown = hf_realloc(*list, before + bytes + 2);
  if (grown == NULL) {
    return false;
  }
  *list = grown;
  if (!first) {
    grown[before++] = ',';
  }
  memcpy(grown + before, element, bytes + 1);
  return true;
}

static bool add_route(struct builder *builder,
                      const char *host,
                      const char *address,
                      const char *port) {
  struct hf_routes *routes = builder->routes;
  bool first = builder->n == 0;
  builder->named = builder->named || *host != '\0';
  builder->addressed = builder->addressed || *address != '\0';
  builder->n++;
  return append(&routes->hosts, host, first) &&
         append(&routes->addresses, address, first) &&
         append(&routes->ports, port, first);
}

/* Adds a route for each of the addresses. */
static bool add_found(struct builder *builder,
                      const struct addrinfo *found,
                      const char *host,
                      const char *port) {
  char address[HOST_BYTES];
  for (; found != NULL && builder->n < ADDRESSES_MAX; found = found->ai_next) {
    if (getnameinfo(found->ai_addr,
                    found->ai_addrlen,
                    address,
                    sizeof address,
                    NULL,
                    0,
                    NI_NUMERICHOST) == 0 &&
        !add_route(builder, host, address, port)) {
      return false;
    }
  }
  return true;
}

static enum hf_status fail(struct hf_error *error,
                           enum hf_status status,
                           const char *message) {
  hf_error_set(error, status, HF_PHASE_CONNECT, message);
  return status;
}

static void set_name_error(struct hf_error *error, const char *host, int code) {
  char message[MESSAGE_BYTES];
  (void)snprintf(message,
                 sizeof message,
                 "could not look up host \"%s\": %s",
                 host,
                 gai_strerror(code));
  hf_error_set(error, HF_NAME_ERROR, HF_PHASE_CONNECT, message);
  hf_error_add(error, 'y', "getaddrinfo");
  hf_error_add(error, 'a', host);
  if (code == EAI_AGAIN) {
    error->sys_errno = EAGAIN;
  } else if (code == EAI_SYSTEM) {
    error->sys_errno = errno;
  }
}

/* Adds the routes of one host; a failed look-up is left in `error`. */
static enum hf_status add_host(struct builder *builder,
                               const char *host,
                               const char *port,
                               struct hf_error *error) {
  struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
  struct addrinfo *found = NULL;
  bool added;
  int code;

  if (*host == '\0' || *host == '/' || *host == '@') { /* a Unix socket */
    return add_route(builder, host, "", port) ? HF_OK
                                              : fail(error, HF_NO_MEMORY, NULL);
  }
  code = getaddrinfo(host, NULL, &hints, &found);
  if (code == EAI_MEMORY) {
    return fail(error, HF_NO_MEMORY, NULL);
  }
  if (code != 0) {
    set_name_error(error, host, code);
    return HF_NAME_ERROR;
  }
  added = add_found(builder, found, host, port);
  freeaddrinfo(found);
  return added ? HF_OK : fail(error, HF_NO_MEMORY, NULL);
}

static enum hf_status add_all(const struct hf_target *target,
                              struct builder *builder,
                              struct hf_error *error) {
  struct cursor hosts = {hf_target_get(target, "host")};
  struct cursor addresses = {hf_target_get(target, "hostaddr")};
  struct cursor ports = {hf_target_get(target, "port")};
  const char *lead = addresses.at != NULL ? addresses.at : hosts.at;
  int n = count_elements(lead);
  int n_ports = count_elements(ports.at);
  char host[HOST_BYTES], address[HOST_BYTES], port[HOST_BYTES] = "";
  enum hf_status status = HF_OK;
  int i;

  if ((hosts.at != NULL && count_elements(hosts.at) != n) ||
      (n_ports > 1 && n_ports != n)) {
    return fail(error,
                HF_PARAM_INVALID,
                "host, hostaddr and port: the lists differ in length");
  }
  for (i = 0; i < n; i++) {
    host[0] = '\0';
    address[0] = '\0';
    (void)next_element(&hosts, host);
    (void)next_element(&addresses, address);
    (void)next_element(&ports, port); /* one alone is for all */
    if (*address != '\0') {
      status = add_route(builder, host, address, port)
                   ? HF_OK
                   : fail(error, HF_NO_MEMORY, NULL);
    } else {
      status = add_host(builder, host, port, error);
    }
    if (status == HF_NO_MEMORY) {
      return status;
    }
  }
  /* One host that was found is enough. */
  return builder->n == 0 ? status : HF_OK;
}

static void drop(char **list) {
  hf_free(*list);
  *list = NULL;
}

/* Moves the element at `from` before all others. */
static bool move_to_front(char **list, int from) {
  struct cursor cursor = {*list};
  char element[HOST_BYTES];
  char *made = NULL;
  bool fits = true;
  int i;

  for (i = 0; next_element(&cursor, element); i++) {
    if (i == from) {
      fits = append(&made, element, true);
    }
  }
  cursor.at = *list;
  for (i = 0; fits && next_element(&cursor, element); i++) {
    fits = i == from || append(&made, element, false);
  }
  if (!fits) {
    hf_free(made);
    return false;
  }
  hf_free(*list);
  *list = made;
  return true;
}

/*
 * load_balance_hosts=random: any host may be the first. Older libpqs lack the
 * keyword, so it is ours with all of them.
 */
static bool balance(const struct hf_target *target, struct builder *builder) {
  const char *mode = hf_target_get(target, "load_balance_hosts");
  int first;
  if (mode == NULL || strcmp(mode, "random") != 0 || builder->n < 2) {
    return true;
  }
  /* The nanoseconds of the clock are random enough to spread load. */
  first = (int)((hf_clock_ns() / 128) % (uint64_t)builder->n);
  return move_to_front(&builder->routes->hosts, first) &&
         move_to_front(&builder->routes->addresses, first) &&
         move_to_front(&builder->routes->ports, first);
}

enum hf_status hf_routes_find(const struct hf_target *target,
                              struct hf_routes *routes,
                              struct hf_error *error) {
  struct builder builder = {.routes = routes};
  enum hf_status status;

  *routes = (struct hf_routes){0};
  status = add_all(target, &builder, error);
  if (status == HF_OK && !balance(target, &builder)) {
    status = fail(error, HF_NO_MEMORY, NULL);
  }
  if (status != HF_OK) {
    hf_routes_finish(routes);
    return status;
  }
  hf_error_finish(error); /* of a host we can do without */
  if (builder.n == 0) {   /* libpq's default host */
    const char *port = hf_target_get(target, "port");
    if (port != NULL && !append(&routes->ports, port, true)) {
      return fail(error, HF_NO_MEMORY, NULL);
    }
    return HF_OK;
  }
  if (!builder.named) {
    drop(&routes->hosts);
  }
  if (!builder.addressed) {
    drop(&routes->addresses);
  }
  if (hf_target_get(target, "port") == NULL) {
    drop(&routes->ports);
  }
  return HF_OK;
}

void hf_routes_finish(struct hf_routes *routes) {
  drop(&routes->hosts);
  drop(&routes->addresses);
  drop(&routes->ports);
}
