/* SPDX-License-Identifier: MIT */
/* Errors of the server: every row of the table of SQLSTATEs. */
#include "classify_support.h"

struct sqlstate_row {
  const char *sqlstate;
  char outcome; /* a statement of its own */
  int want;
  char in_transaction;
  char connecting; /* while a connection is made */
};

static const struct sqlstate_row sqlstates[] = {
    {"08000", 'R', Y, 'R', 'N'},
    {"08003", 'R', Y, 'R', 'N'},
    {"08006", 'R', Y, 'R', 'N'},
    {"08001", 'R', Y, 'R', 'N'},
    {"08004", 'R', Y, 'R', 'N'},
    {"08007", 'A', DISCARD, 'R', 'N'},
    {"08P01", 'P', DISCARD, 'P', 'P'},
    {"0A000", 'P', 0, 'P', 'P'},
    {"25001", 'P', 0, 'P', 'P'},
    {"25006", 'R', Y | DISCARD, 'R', 'N'},
    {"25P01", 'P', 0, 'P', 'P'},
    {"25P02", 'P', 0, 'P', 'P'},
    {"25P03", 'R', Y | DISCARD, 'R', 'N'},
    {"25P04", 'R', DISCARD, 'R', 'N'},
    {"26000", 'R', Y | ONCE | UNNAMED, 'R', 'N'},
    {"28000", 'P', DISCARD, 'P', 'P'},
    {"28P01", 'P', DISCARD, 'P', 'P'},
    {"3D000", 'P', DISCARD, 'P', 'P'},
    {"3F000", 'P', 0, 'P', 'P'},
    {"40000", 'R', 0, 'R', 'N'},
    {"40001", 'R', Y, 'R', 'N'},
    {"40002", 'P', 0, 'P', 'P'},
    {"40003", 'A', DISCARD, 'R', 'N'},
    {"40P01", 'R', Y, 'R', 'N'},
    {"42501", 'P', 0, 'P', 'P'},
    {"42P05", 'R', Y | ONCE | UNNAMED, 'R', 'N'},
    {"53000", 'R', ONCE | SLOW, 'R', 'N'},
    {"53100", 'R', ONCE | SLOW, 'R', 'N'},
    {"53200", 'R', ONCE | SLOW, 'R', 'N'},
    {"53300", 'R', Y | SLOW, 'R', 'N'},
    {"53400", 'R', ONCE | SLOW, 'R', 'N'},
    {"54001", 'P', 0, 'P', 'P'},
    {"54023", 'P', 0, 'P', 'P'},
    {"55000", 'P', 0, 'P', 'P'},
    {"55006", 'R', 0, 'R', 'N'},
    {"55P02", 'P', 0, 'P', 'P'},
    {"55P03", 'R', 0, 'R', 'N'},
    {"55P04", 'P', 0, 'P', 'P'},
    {"57014", 'R', 0, 'R', 'N'},
    {"57P02", 'R', Y, 'R', 'N'},
    {"57P03", 'P', 0, 'P', 'N'},
    {"57P04", 'P', DISCARD, 'P', 'P'},
    {"57P05", 'P', 0, 'P', 'N'},
    {"58000", 'R', ONCE | DISCARD, 'R', 'N'},
    {"58030", 'R', ONCE | DISCARD, 'R', 'N'},
    {"72000", 'R', 0, 'R', 'N'},
    {"XX000", 'P', 0, 'P', 'N'},
    {"XX001", 'P', DISCARD, 'P', 'P'},
    {"XX002", 'P', DISCARD, 'P', 'P'},
    {"21000", 'P', 0, 'P', 'N'},
    {"22012", 'P', 0, 'P', 'P'},
    {"23505", 'P', 0, 'P', 'P'},
    {"23P01", 'P', 0, 'P', 'P'},
    {"42601", 'P', 0, 'P', 'P'},
    {"44000", 'P', 0, 'P', 'N'},
    {"P0001", 'P', 0, 'P', 'N'},
    {"AB123", 'P', 0, 'P', 'N'},
};

static void every_sqlstate_is_judged_as_the_table_says(void **state) {
  size_t i;

  (void)state;
  for (i = 0; i < sizeof(sqlstates) / sizeof(sqlstates[0]); i++) {
    const struct sqlstate_row *row = &sqlstates[i];
    struct hf_evidence evidence = server(row->sqlstate);
    struct hf_classification why;

    expect(row->sqlstate, &evidence, row->outcome, row->want);
    evidence.in_transaction = true;
    why = hf_classify(&evidence);
    if (letter(why.outcome) != row->in_transaction) {
      fail_msg("%s in a transaction: %c", row->sqlstate, letter(why.outcome));
    }
    assert_int_equal(why.unit, HF_UNIT_TRANSACTION);
    evidence.in_transaction = false;
    evidence.may_commit_midway = true;
    why = hf_classify(&evidence);
    if (letter(why.outcome) != 'A') { /* CALL, DO, several statements */
      fail_msg("%s midway: %c", row->sqlstate, letter(why.outcome));
    }
    evidence.may_commit_midway = false;
    evidence.phase = HF_PHASE_CONNECT;
    why = hf_classify(&evidence);
    if (letter(why.outcome) != row->connecting) {
      fail_msg("%s connecting: %c", row->sqlstate, letter(why.outcome));
    }
    assert_true(why.connecting);
    assert_true(why.discard);
    assert_int_equal(why.retryable, row->connecting == 'N');
  }
}

static void a_termination_is_judged_by_its_severity(void **state) {
  struct hf_evidence evidence = server("57P01");

  (void)state;
  expect("raised by a function", &evidence, 'P', 0);
  evidence.severity = HF_SEVERITY_WARNING;
  expect("immediate shutdown", &evidence, 'A', Y | DISCARD);
  evidence.severity = HF_SEVERITY_FATAL;
  expect("terminated", &evidence, 'R', Y | DISCARD);
  evidence.may_commit_midway = true;
  expect("terminated in a CALL", &evidence, 'A', Y | DISCARD);
  evidence.nothing_sent = true;
  expect("terminated before a CALL", &evidence, 'N', Y | DISCARD);
  evidence = server("57P01");
  evidence.severity = HF_SEVERITY_FATAL;
  evidence.in_transaction = true;
  expect("terminated in a transaction", &evidence, 'R', Y | DISCARD);
  evidence.commit_sent = true;
  expect("terminated in COMMIT", &evidence, 'A', Y | DISCARD);
  evidence.commit_sent = false;
  evidence.phase = HF_PHASE_COMMIT;
  expect("terminated in COMMIT", &evidence, 'A', Y | DISCARD);
}

static void a_refusal_counts_only_when_it_ends_the_session(void **state) {
  static const char *const away[] = {"57P03", "57P05"};
  size_t i;

  (void)state;
  for (i = 0; i < sizeof(away) / sizeof(away[0]); i++) {
    struct hf_evidence evidence = server(away[i]);

    expect("raised by a function", &evidence, 'P', 0);
    evidence.severity = HF_SEVERITY_WARNING;
    expect("announced", &evidence, 'A', Y | DISCARD);
    evidence.nothing_sent = true;
    expect("announced to an idle session", &evidence, 'N', Y | DISCARD);
    evidence.nothing_sent = false;
    evidence.severity = HF_SEVERITY_FATAL;
    expect("said by somebody", &evidence, 'A', Y | DISCARD);
    evidence = foreign(away[i], "x");
    assert_int_equal(letter(hf_classify(&evidence).outcome), 'N');
  }
}

static void a_termination_without_severity_is_judged_by_its_sentence(
    void **state) {
  struct hf_evidence evidence =
      foreign("57P01", "terminating connection due to administrator command");

  (void)state;
  expect("said in English", &evidence, 'R', Y | DISCARD);
  evidence.message = "Verbindung wird abgebrochen";
  expect("said in German", &evidence, 'A', Y | DISCARD);
}

static void an_unlisted_code_that_ends_the_session_is_ambiguous(void **state) {
  struct hf_evidence evidence = server("AB123");

  (void)state;
  evidence.severity = HF_SEVERITY_FATAL;
  expect("FATAL", &evidence, 'A', Y | DISCARD);
  evidence.severity = HF_SEVERITY_PANIC;
  expect("PANIC", &evidence, 'A', Y | DISCARD);
}

static void a_stale_plan_is_retried_without_a_name(void **state) {
  struct hf_evidence evidence = server("0A000");

  (void)state;
  evidence.routine = "RevalidateCachedQuery";
  expect("within a function", &evidence, 'R', Y | ONCE | UNNAMED);
  evidence.progress = HF_PROGRESS_UNPARSED;
  expect("by routine", &evidence, 'N', Y | ONCE | UNNAMED);
  evidence.routine = "SomethingElse";
  evidence.message = "cached plan must not change result type";
  expect("another routine", &evidence, 'P', 0);
  evidence.routine = NULL;
  expect("by sentence", &evidence, 'N', Y | ONCE | UNNAMED);
  evidence = foreign("P2010",
                     "\nInvalid `prisma.$queryRaw()` invocation:\n\n\nRaw "
                     "query failed. Code: `0A000`. Message: `cached plan "
                     "must not change result type`");
  evidence.name = "PrismaClientKnownRequestError";
  expect("through Prisma", &evidence, 'R', Y | UNNAMED);
}

/* As their documents have them: docs/kin.md. */
static const struct kin_row {
  const char *what, *sqlstate, *message;
  char outcome;
  int want;
  char connecting;
} kin[] = {
    {"CockroachDB, a conflict",
     "40001",
     "restart transaction: TransactionRetryWithProtoRefreshError: "
     "WriteTooOldError",
     'R',
     Y,
     'N'},
    {"CockroachDB, an unknown end",
     "40003",
     "result is ambiguous: error=rpc error",
     'A',
     DISCARD,
     'N'},
    {"CockroachDB, a node that is drained",
     "57P01",
     "server is shutting down",
     'R',
     Y,
     'N'},
    {"CockroachDB, a drained node refuses",
     "57P01",
     "server is not accepting clients, try another node",
     'R',
     Y,
     'N'},
    {"YugabyteDB, a conflict",
     "40001",
     "Operation expired: Transaction 5f2e expired or aborted by a conflict",
     'R',
     Y,
     'N'},
    {"YugabyteDB of before, a conflict",
     "XX000",
     "Operation expired: Heartbeat: Transaction 5f2e expired or aborted by a "
     "conflict: 40001",
     'R',
     Y,
     'N'},
    {"YugabyteDB of before, a table being altered",
     "XX000",
     "The catalog snapshot used for this transaction has been invalidated: "
     "schema version mismatch for table 000033e8: expected 1, got 0",
     'R',
     Y,
     'N'},
    {"YugabyteDB of before, clocks that differ",
     "XX000",
     "Query error: Restart read required at: { read: 1 local_limit: 2 }",
     'R',
     Y,
     'N'},
    {"Aurora DSQL, a conflict",
     "40001",
     "change conflicts with another transaction, please retry: (OC000)",
     'R',
     Y,
     'N'},
    {"Aurora DSQL, by its own code",
     "OC001",
     "schema has been updated by another transaction, please retry: (OC001)",
     'R',
     Y,
     'N'},
    {"Aurora, a writer that became a reader",
     "25006",
     "cannot execute INSERT in a read-only transaction",
     'R',
     Y | DISCARD,
     'N'},
    {"Citus, a distributed deadlock",
     "40P01",
     "canceling the transaction since it was involved in a distributed "
     "deadlock",
     'R',
     Y,
     'N'},
    {"an internal error of any server",
     "XX000",
     "cache lookup failed for relation 5",
     'P',
     0,
     'N'},
};

static void kin_of_postgresql_are_judged_as_their_documents_say(void **state) {
  size_t i;

  (void)state;
  for (i = 0; i < sizeof kin / sizeof *kin; i++) {
    struct hf_evidence evidence = server(kin[i].sqlstate);
    struct hf_classification why;

    evidence.message = kin[i].message;
    expect(kin[i].what, &evidence, kin[i].outcome, kin[i].want);
    evidence.phase = HF_PHASE_CONNECT;
    why = hf_classify(&evidence);
    if (letter(why.outcome) != kin[i].connecting || !why.retryable) {
      fail_msg("%s, connecting: %c", kin[i].what, letter(why.outcome));
    }
  }
}

static void what_kin_say_is_no_reason_to_retry_in_a_call(void **state) {
  struct hf_evidence evidence = server("57P01");

  (void)state;
  evidence.message = "server is shutting down";
  evidence.may_commit_midway = true;
  expect("drained in a CALL", &evidence, 'A', Y);
  evidence = server("57P01");
  evidence.message = "the shutter is shutting down";
  expect("raised by a function", &evidence, 'P', 0);
}

static void sqlstates_are_distinguished_from_other_codes(void **state) {
  (void)state;
  assert_true(hf_classify_is_sqlstate("40001"));
  assert_true(hf_classify_is_sqlstate("P0001"));
  assert_true(hf_classify_is_sqlstate("XX000"));
  assert_false(hf_classify_is_sqlstate("P1001"));
  assert_false(hf_classify_is_sqlstate("EPIPE"));
  assert_false(hf_classify_is_sqlstate("4000"));
  assert_false(hf_classify_is_sqlstate("400011"));
  assert_false(hf_classify_is_sqlstate("40p01"));
  assert_false(hf_classify_is_sqlstate(""));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_sqlstate_is_judged_as_the_table_says),
      cmocka_unit_test(a_termination_is_judged_by_its_severity),
      cmocka_unit_test(a_refusal_counts_only_when_it_ends_the_session),
      cmocka_unit_test(
          a_termination_without_severity_is_judged_by_its_sentence),
      cmocka_unit_test(an_unlisted_code_that_ends_the_session_is_ambiguous),
      cmocka_unit_test(a_stale_plan_is_retried_without_a_name),
      cmocka_unit_test(kin_of_postgresql_are_judged_as_their_documents_say),
      cmocka_unit_test(what_kin_say_is_no_reason_to_retry_in_a_call),
      cmocka_unit_test(sqlstates_are_distinguished_from_other_codes),
  };

  return cmocka_run_group_tests_name("classify sqlstate", tests, NULL, NULL);
}
