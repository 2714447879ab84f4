/* SPDX-License-Identifier: MIT */
/* Names with several addresses, and names that do not resolve. */
#define _GNU_SOURCE /* RTLD_NEXT */

#include <arpa/inet.h>
#include <dlfcn.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "net/connect/hosts.h"
#include "net/connect/target.h"
#include "support_port.h"
#include "support_run.h"
#include "support_server.h"

enum { FILLERS = 4 };

/* ---- a resolver for the tests -------------------------------------------- */

typedef int (*getaddrinfo_fn)(const char *,
                              const char *,
                              const struct addrinfo *,
                              struct addrinfo **);

static struct support_gate *hanging; /* look-ups that hang wait for it */
static atomic_int hanging_threads;

/* Joins the addresses of two numeric hosts. */
static int join(getaddrinfo_fn next,
                const char *first,
                const char *second,
                const char *service,
                const struct addrinfo *hints,
                struct addrinfo **found) {
  struct addrinfo *last;
  int code = next(first, service, hints, found);
  if (code != 0) {
    return code;
  }
  for (last = *found; last->ai_next != NULL; last = last->ai_next) {
  }
  return next(second, service, hints, &last->ai_next);
}

int getaddrinfo(const char *name,
                const char *service,
                const struct addrinfo *hints,
                struct addrinfo **found) {
  getaddrinfo_fn next;
  void *symbol = dlsym(RTLD_NEXT, "getaddrinfo");
  memcpy(&next, &symbol, sizeof next);
  if (name == NULL) {
    return next(name, service, hints, found);
  }
  if (strcmp(name, "twin.test") == 0) {
    return join(next, "127.0.0.3", "127.0.0.1", service, hints, found);
  }
  if (strcmp(name, "hangs.test") == 0) {
    atomic_fetch_add(&hanging_threads, 1);
    support_gate_wait(hanging);
    return EAI_AGAIN;
  }
  if (strcmp(name, "good.test") == 0) {
    return next("127.0.0.1", service, hints, found);
  }
  if (strcmp(name, "nobody.test") == 0) {
    return EAI_NONAME;
  }
  return next(name, service, hints, found);
}

/* ---- listeners ----------------------------------------------------------- */

struct listener {
  int fd;
  int fillers[FILLERS];
};

/*
 * Listens on a server's port of another address, and accepts nothing; with
 * `full` its backlog is full too, so that connecting hangs as if packets were
 * dropped.
 */
static struct listener listen_beside(int port, bool full) {
  struct listener made = {.fd = socket(AF_INET, SOCK_STREAM, 0)};
  struct sockaddr_in address = {.sin_family = AF_INET,
                                .sin_port = htons((uint16_t)port)};
  int i;
  assert_int_equal(inet_pton(AF_INET, "127.0.0.3", &address.sin_addr), 1);
  assert_int_equal(bind(made.fd, (struct sockaddr *)&address, sizeof address),
                   0);
  assert_int_equal(listen(made.fd, full ? 0 : 16), 0);
  for (i = 0; i < FILLERS; i++) {
    made.fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (full) {
      (void)connect(made.fillers[i],
                    (struct sockaddr *)&address,
                    sizeof address);
    }
  }
  return made;
}

static void close_listener(struct listener *listener) {
  int i;
  for (i = 0; i < FILLERS; i++) {
    (void)close(listener->fillers[i]);
  }
  (void)close(listener->fd);
}

/* ---- tests --------------------------------------------------------------- */

static struct support_port *port;

static int start_all(void **state) {
  (void)state;
  hanging = support_gate_new();
  port = support_port_open();
  return 0;
}

static int stop_all(void **state) {
  (void)state;
  support_port_close(port);
  support_wait_engine_gone();
  return 0;
}

static int64_t query(int pool, int deadline_ms) {
  struct hf_op op = {.kind = HF_OP_QUERY,
                     .target = pool,
                     .deadline_ms = deadline_ms};
  return support_op(port, &op, "select 'in'", NULL);
}

static void close_pool(int pool) {
  assert_int_equal(support_wait(port, support_end(port, pool)).kind, HF_MSG_OK);
}

static void passes_over(bool full) {
  struct fake_plan plan = {.key_pid = 7};
  struct fake_server *server = fake_server_start(&plan);
  struct listener listener = listen_beside(fake_server_port(server), full);
  int pool = support_pool(port,
                          fake_server_port(server),
                          "pg.host",
                          "twin.test",
                          NULL);
  struct support_answer answer = support_wait(port, query(pool, 0));
  assert_int_not_equal(answer.kind, HF_MSG_ERROR);
  assert_int_equal(fake_server_connections(server), 1);
  close_pool(pool);
  close_listener(&listener);
  fake_server_stop(server);
}

static void after_a_silent_address_the_next_one_is_tried(void **state) {
  (void)state;
  passes_over(false);
}

static void after_an_address_that_drops_packets_the_next_one_is_tried(
    void **state) {
  (void)state;
  passes_over(true);
}

static void an_unknown_name_is_reported_as_such(void **state) {
  int pool = support_pool(port, 1, "pg.host", "nobody.test", NULL);
  struct support_answer answer = support_wait(port, query(pool, 300));
  (void)state;
  assert_int_equal(answer.kind, HF_MSG_ERROR);
  assert_int_equal(answer.outcome, HF_OUTCOME_PERMANENT);
  assert_int_equal(answer.status, HF_NAME_ERROR);
  close_pool(pool);
}

static void after_an_unknown_name_the_next_host_is_tried(void **state) {
  struct fake_plan plan = {.key_pid = 7};
  struct fake_server *server = fake_server_start(&plan);
  int pool = support_pool(port,
                          fake_server_port(server),
                          "pg.host",
                          "nobody.test,good.test",
                          NULL);
  (void)state;
  assert_int_not_equal(support_wait(port, query(pool, 0)).kind, HF_MSG_ERROR);
  close_pool(pool);
  fake_server_stop(server);
}

/* Nor does it delay the next host of the same list. */
static void a_resolver_that_hangs_does_not_delay_other_hosts(void **state) {
  struct fake_plan plan = {.key_pid = 7};
  struct fake_server *server = fake_server_start(&plan);
  int dead[3];
  int pool, list;
  size_t i;
  (void)state;
  for (i = 0; i < 3; i++) {
    int n;
    dead[i] = support_pool(port,
                           fake_server_port(server),
                           "pg.host",
                           "hangs.test",
                           "drainMillis",
                           "50",
                           NULL);
    for (n = 0; n < 6; n++) {
      (void)query(dead[i], 0);
    }
  }
  list = support_pool(port,
                      fake_server_port(server),
                      "pg.host",
                      "hangs.test,good.test",
                      NULL);
  assert_int_not_equal(support_wait(port, query(list, 0)).kind, HF_MSG_ERROR);
  pool = support_pool(port,
                      fake_server_port(server),
                      "pg.host",
                      "good.test",
                      NULL);
  assert_int_not_equal(support_wait(port, query(pool, 0)).kind, HF_MSG_ERROR);
  assert_in_range(atomic_load(&hanging_threads), 1, 2);
  close_pool(pool);
  close_pool(list);
  for (i = 0; i < 3; i++) {
    close_pool(dead[i]);
  }
  support_gate_open(hanging);
  fake_server_stop(server);
}

static void lists_that_differ_in_length_are_refused(void **state) {
  struct hf_target *target = support_target(5432);
  struct hf_error error = {0};
  struct hf_hosts hosts;
  (void)state;
  support_set(target, "host", "a,b,c");
  support_set(target, "port", "1,2");
  assert_int_equal(hf_hosts_read(&hosts, target, &error), HF_PARAM_INVALID);
  hf_error_finish(&error);
  hf_target_unref(target);
}

static uint32_t random_of(void *ctx) {
  uint32_t *state = ctx;
  *state = *state * 1664525u + 1013904223u;
  return *state;
}

static void load_balancing_tries_every_host_first_at_times(void **state) {
  int seen[4][4] = {{0}};
  uint32_t chance = 7;
  int round, i;
  (void)state;
  for (round = 0; round < 4000; round++) {
    struct hf_target *target = support_target(5432);
    struct hf_error error = {0};
    struct hf_hosts hosts;
    support_set(target, "host", "a,b,c,d");
    assert_int_equal(hf_hosts_read(&hosts, target, &error), HF_OK);
    hf_hosts_shuffle(&hosts, random_of, &chance);
    for (i = 0; i < 4; i++) {
      seen[i][hosts.list[i].name[0] - 'a']++;
    }
    hf_hosts_finish(&hosts);
    hf_target_unref(target);
  }
  for (i = 0; i < 16; i++) {
    assert_in_range(seen[i / 4][i % 4], 850, 1150);
  }
}

static void an_address_family_that_does_not_work_costs_one_attempt(
    void **state) {
  struct addrinfo *six = NULL, *four = NULL, *last;
  struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
  struct hf_addresses addresses;
  (void)state;
  assert_int_equal(getaddrinfo("::1", NULL, &hints, &six), 0);
  assert_int_equal(getaddrinfo("::2", NULL, &hints, &six->ai_next), 0);
  assert_int_equal(getaddrinfo("127.0.0.1", NULL, &hints, &four), 0);
  for (last = six; last->ai_next != NULL; last = last->ai_next) {
  }
  last->ai_next = four;
  assert_int_equal(hf_addresses_copy(&addresses, six), HF_OK);
  assert_int_equal(addresses.n, 3);
  assert_string_equal(addresses.list[0], "::1");
  assert_string_equal(addresses.list[1], "127.0.0.1");
  assert_string_equal(addresses.list[2], "::2");
  hf_addresses_finish(&addresses);
  freeaddrinfo(six);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(after_a_silent_address_the_next_one_is_tried),
      cmocka_unit_test(
          after_an_address_that_drops_packets_the_next_one_is_tried),
      cmocka_unit_test(an_unknown_name_is_reported_as_such),
      cmocka_unit_test(after_an_unknown_name_the_next_host_is_tried),
      cmocka_unit_test(a_resolver_that_hangs_does_not_delay_other_hosts),
      cmocka_unit_test(lists_that_differ_in_length_are_refused),
      cmocka_unit_test(load_balancing_tries_every_host_first_at_times),
      cmocka_unit_test(an_address_family_that_does_not_work_costs_one_attempt),
  };
  return cmocka_run_group_tests(tests, start_all, stop_all);
}
