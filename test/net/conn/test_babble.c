/* SPDX-License-Identifier: MIT */
/*
 * Random sequences of the protocol's messages, some of their bytes changed,
 * sent by a server to a real connection: each call settles and the pool goes
 * on. A case is repeated by its number.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "support_port.h"
#include "support_server.h"

__attribute__((visibility("default"))) const char *__lsan_default_suppressions(
    void);

/*
 * On a message out of order, such as a second description or CopyIn, libpq
 * replaces a result without freeing it (getCopyStart and getParamDescriptions
 * do not check). That cannot be mended here.
 */
const char *__lsan_default_suppressions(void) {
  return "leak:libpq.so";
}

enum { ROUNDS = 4, CASES = 60, SLOW_CASES = 10, TEXT_MAX = 4096, STALLS = 8 };

#define MESSAGE(text)                                                          \
  { (text), sizeof(text) - 1 }

/* Each without its length: a type, then the body. */
static const struct {
  const char *bytes;
  size_t n;
} messages[] = {
    MESSAGE("1"),
    MESSAGE("2"),
    MESSAGE("3"),
    MESSAGE("n"),
    MESSAGE("I"),
    MESSAGE("s"),
    MESSAGE("t\0\1\0\0\0\x17"),
    MESSAGE("T\0\1a\0\0\0\0\0\0\0\0\0\0\x19\xff\xff\xff\xff\xff\xff\0\0"),
    MESSAGE("T\0\2a\0\0\0\0\0\0\0\0\0\0\x17\0\4\xff\xff\xff\xff\0\0"
            "b\0\0\0\0\0\0\0\0\0\4\xa0\0\x8\xff\xff\xff\xff\0\0"),
    MESSAGE("T\0\0"),
    MESSAGE("D\0\1\0\0\0\5hello"),
    MESSAGE("D\0\1\xff\xff\xff\xff"),
    MESSAGE("D\0\2\0\0\0\2-4\0\0\0\x16"
            "2024-02-29 12:00:00+00"),
    MESSAGE("D\0\0"),
    MESSAGE("CSELECT 1\0"),
    MESSAGE("CINSERT 0 1\0"),
    MESSAGE("CCOMMIT\0"),
    MESSAGE("C\0"),
    MESSAGE("ZI"),
    MESSAGE("ZT"),
    MESSAGE("ZE"),
    MESSAGE("SERROR\0VERROR\0C42601\0Mno\0\0"),
    MESSAGE("ESERROR\0VERROR\0C42601\0Mno\0Fa.c\0L1\0Rf\0\0"),
    MESSAGE("ESFATAL\0VFATAL\0C57P01\0Mgone\0\0"),
    MESSAGE("E\0"),
    MESSAGE("NSNOTICE\0VNOTICE\0C00000\0Mhear\0\0"),
    MESSAGE("A\0\0\0\7ch\0payload\0"),
    MESSAGE("Sclient_encoding\0LATIN1\0"),
    MESSAGE("SDateStyle\0German\0"),
    MESSAGE("K\0\0\0\1\0\0\0\2"),
    MESSAGE("R\0\0\0\3"),
    MESSAGE("G\0\0\0"),
    MESSAGE("H\0\0\1\0\0"),
    MESSAGE("W\0\0\0"),
    MESSAGE("ddata"),
    MESSAGE("c"),
    MESSAGE("v\0\0\0\0\0\0\0\0"),
};

static uint32_t next(uint32_t *state) {
  *state = *state * 1664525u + 1013904223u;
  return *state >> 8;
}

static size_t add_message(char *at, uint32_t *state) {
  size_t which = next(state) % (sizeof messages / sizeof *messages);
  const char *bytes = messages[which].bytes;
  size_t n = messages[which].n;
  uint32_t length = (uint32_t)n + 3;
  size_t i;
  if (next(state) % 24 == 0) {
    length = next(state) % 4 == 0 ? next(state) * 257 : next(state) % 40;
  }
  at[0] = bytes[0];
  for (i = 0; i < 4; i++) {
    at[1 + i] = (char)(length >> (24 - 8 * i));
  }
  memcpy(at + 5, bytes + 1, n - 1);
  return n + 4;
}

/* Makes the answer of a case; returns its length. */
static size_t make_answer(uint32_t number, char *text) {
  uint32_t state = number * 2654435761u + 1;
  uint32_t left = next(&state) % 14;
  size_t n = 0;
  uint32_t changes;
  if (next(&state) % 3 == 0) {
    /* A correct beginning, so that libpq gets as far as what follows. */
    static const char start[] = "1\0\0\0\4"
                                "2\0\0\0\4";
    memcpy(text, start, sizeof start - 1);
    n = sizeof start - 1;
  }
  while (left-- > 0 && n < TEXT_MAX / 2) {
    n += add_message(text + n, &state);
  }
  for (changes = next(&state) % 4; changes > 1 && n > 0; changes--) {
    text[next(&state) % n] = (char)next(&state);
  }
  return n;
}

static bool babble(struct fake_session *session, const char *sql, void *ctx) {
  char text[TEXT_MAX];
  const char *number = strstr(sql, "babble ");
  unsigned long which;
  (void)ctx;
  if (number == NULL) {
    return false;
  }
  which = strtoul(number + strlen("babble "), NULL, 10);
  (void)fake_send_raw(session, text, make_answer((uint32_t)which, text));
  if (which % STALLS == 0) {
    fake_stall(session);
  } else {
    fake_cut(session);
  }
  return true;
}

/* Uses either protocol, on a connection of the pool or on a leased one. */
static void ask(struct support_port *port, int pool, int number) {
  static const char *const row_descriptions[] = {"babble %d", "babble %d; x"};
  struct hf_op op = {.kind = HF_OP_QUERY,
                     .target = pool,
                     .decode = 0x7f,
                     .acquire_ms = 10000,
                     .timeout_ms = 200,
                     .retries = 0};
  struct support_answer lease = {0};
  char sql[64];
  (void)snprintf(sql, sizeof sql, row_descriptions[number / 2 % 2], number);
  if (number % 4 == 0) {
    lease = support_lease(port, pool);
    op.kind = HF_OP_LEASE_QUERY;
    op.target = lease.lease;
  }
  (void)support_wait(port, support_op(port, &op, sql, NULL));
  if (number % 4 == 0) {
    (void)support_wait(port, support_release(port, lease.lease, 0));
  }
}

static void run_round(int from, int cases) {
  struct fake_plan plan = {.key_pid = 7, .answer = babble};
  struct fake_server *server = fake_server_start(&plan);
  struct support_port *port = support_port_open();
  int pool = support_pool(port, fake_server_port(server), "max", "2", NULL);
  int number;
  for (number = from; number < from + cases; number++) {
    ask(port, pool, number);
  }
  assert_int_equal(support_ask(port, pool, "select good").kind, HF_MSG_RESULT);
  assert_int_equal(support_unanswered(port), 0);
  support_port_close(port);
  support_wait_engine_gone();
  fake_server_stop(server);
}

/* HOLDFAST_BABBLE_SECONDS: for how long to go on, for a long run. */
static void every_call_settles_whatever_the_server_sends(void **state) {
  const char *seconds = getenv("HOLDFAST_BABBLE_SECONDS");
  time_t until = seconds == NULL ? 0 : time(NULL) + strtol(seconds, NULL, 10);
  int cases = support_is_slow() ? SLOW_CASES : CASES;
  int i;
  (void)state;
  for (i = 0; i < ROUNDS || time(NULL) < until; i++) {
    run_round(1 + i * CASES, cases);
  }
  print_message("%d answers made\n", i * cases);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_call_settles_whatever_the_server_sends),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
