/* SPDX-License-Identifier: MIT */
/*
 * The rule table of docs/errors.md, "After something was sent", against every
 * severity, code, progress and kind of unit. A letter stands for an outcome:
 * N not executed, R rolled back, A ambiguous, P permanent.
 */
#include <string.h>

#include "core/policy/classify_text.h"
#include "core/policy/rule.h"
#include "support.h"

struct code {
  const char *sqlstate;
  bool permanent; /* as an ERROR: the same input fails again */
};

/* One of each class at least, and every one that a table names. */
static const struct code codes[] = {
    {"03000", true},  {"08000", false}, {"08001", false}, {"08003", false},
    {"08004", false}, {"08006", false}, {"08007", false}, {"08P01", true},
    {"09000", true},  {"0A000", true},  {"0B000", true},  {"0F000", true},
    {"0L000", true},  {"0P000", true},  {"0Z000", true},  {"20000", true},
    {"21000", true},  {"22012", true},  {"23505", true},  {"24000", true},
    {"25001", true},  {"25006", false}, {"25P01", true},  {"25P02", true},
    {"25P03", false}, {"25P04", false}, {"26000", false}, {"27000", true},
    {"28000", true},  {"28P01", true},  {"2B000", true},  {"2D000", true},
    {"2F000", true},  {"34000", true},  {"38000", true},  {"39000", true},
    {"3B000", true},  {"3D000", true},  {"3F000", true},  {"40000", false},
    {"40001", false}, {"40002", true},  {"40003", false}, {"40P01", false},
    {"42501", true},  {"42601", true},  {"42P05", false}, {"44000", true},
    {"53000", false}, {"53100", false}, {"53200", false}, {"53300", false},
    {"53400", false}, {"54000", true},  {"55000", true},  {"55006", false},
    {"55P03", false}, {"57000", true},  {"57014", false}, {"57P01", true},
    {"57P02", false}, {"57P03", true},  {"57P04", true},  {"57P05", true},
    {"58000", false}, {"58030", false}, {"58P01", true},  {"72000", false},
    {"F0000", true},  {"HV000", true},  {"P0001", true},  {"XX000", true},
    {"XX001", true},  {"XX002", true},  {"AB123", true},
};

enum kind { PLAIN, OPEN, COMMIT, CALL, SEVERAL, KINDS };

enum way { DIRECT, POOLED, POOLED_WITHOUT_ROUTINE, WAYS };

static const char *const kind_names[] = {"plain",
                                         "in a transaction",
                                         "COMMIT",
                                         "CALL",
                                         "several"};
static const char *const severity_names[] = {"-",
                                             "WARNING",
                                             "ERROR",
                                             "FATAL",
                                             "PANIC"};

struct unit {
  enum hf_severity severity;
  const struct code *code;
  enum hf_progress progress;
  enum kind kind;
  enum way way;
};

static struct hf_evidence evidence_of(const struct unit *unit) {
  struct hf_evidence evidence = {
      .phase = unit->kind == COMMIT ? HF_PHASE_COMMIT : HF_PHASE_AWAIT,
      .status = HF_SERVER_ERROR,
      .severity = unit->severity,
      .speaker = HF_SPEAKER_SERVER,
      .progress = unit->progress,
      .sqlstate = unit->code->sqlstate,
      .routine = unit->way == POOLED ? "ProcessInterrupts" : NULL,
      .message = "said by the server",
      .in_transaction = unit->kind == OPEN || unit->kind == COMMIT,
      .commit_sent = unit->kind == COMMIT,
      .may_commit_midway = unit->kind == CALL || unit->kind == SEVERAL,
      .simple = unit->kind == SEVERAL,
      .pooled = unit->way != DIRECT};
  return evidence;
}

static bool is_one_of(const char *sqlstate, const char *list) {
  return strstr(list, sqlstate) != NULL;
}

/* The rows for an ERROR. */
static char expect_error(const struct unit *unit) {
  const char *sqlstate = unit->code->sqlstate;
  bool transaction = unit->kind == OPEN || unit->kind == COMMIT;
  bool refused = unit->progress == HF_PROGRESS_UNPARSED;
  bool unknown = is_one_of(sqlstate, "08007 40003") ||
                 (unit->way == POOLED_WITHOUT_ROUTINE && sqlstate[0] == '0' &&
                  sqlstate[1] == '8');
  if (unknown && !refused && !(unit->kind == OPEN)) {
    return 'A';
  }
  if ((unit->kind == CALL || unit->kind == SEVERAL) && !refused) {
    return 'A';
  }
  if (unit->code->permanent && !(unknown && !refused)) {
    return 'P';
  }
  if (refused && !transaction) {
    return is_one_of(sqlstate,
                     "08000 08001 08003 08004 08006 08007 25006 26000 40003 "
                     "42P05 53300 57P02")
               ? 'N'
               : 'R';
  }
  return 'R';
}

/* The rows for FATAL. */
static char expect_fatal(const struct unit *unit) {
  const char *sqlstate = unit->code->sqlstate;
  if (unit->kind == OPEN) {
    return 'R';
  }
  if (unit->way == DIRECT && unit->progress == HF_PROGRESS_UNPARSED &&
      is_one_of(sqlstate, "57P01 57P04 57P05 25P03 25P04")) {
    return unit->kind == COMMIT ? 'R' : 'N';
  }
  if (unit->way != POOLED_WITHOUT_ROUTINE && unit->kind == PLAIN &&
      is_one_of(sqlstate, "57P01") && unit->progress != HF_PROGRESS_COMPLETE) {
    return 'R';
  }
  return 'A';
}

static char expected(const struct unit *unit) {
  switch (unit->severity) {
  case HF_SEVERITY_ERROR:
    return expect_error(unit);
  case HF_SEVERITY_FATAL:
    return expect_fatal(unit);
  case HF_SEVERITY_PANIC:
  case HF_SEVERITY_WARNING:
  case HF_SEVERITY_UNKNOWN:
    break;
  }
  return unit->kind == OPEN ? 'R' : 'A';
}

static void check(const struct unit *unit) {
  struct hf_evidence evidence = evidence_of(unit);
  struct hf_classification why = hf_classify(&evidence);
  char got = "-NRAP"[why.outcome];
  char want = expected(unit);

  if (got != want) {
    fail_msg("%s %s, progress %d, %s, way %d: %c, not %c (%s)",
             severity_names[unit->severity],
             unit->code->sqlstate,
             (int)unit->progress,
             kind_names[unit->kind],
             (int)unit->way,
             got,
             want,
             why.reason);
  }
  if (unit->severity >= HF_SEVERITY_FATAL) {
    assert_true(why.discard);
  }
  assert_false(why.no_server);
}

static void every_error_after_sending_is_judged_as_documented(void **state) {
  struct unit unit = {0};
  size_t i;
  int severity, progress, kind, way;

  (void)state;
  for (i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
    unit.code = &codes[i];
    for (severity = HF_SEVERITY_WARNING; severity <= HF_SEVERITY_PANIC;
         severity++) {
      unit.severity = (enum hf_severity)severity;
      for (progress = 0; progress <= HF_PROGRESS_COMPLETE; progress++) {
        unit.progress = (enum hf_progress)progress;
        for (kind = 0; kind < KINDS; kind++) {
          unit.kind = (enum kind)kind;
          for (way = 0; way < WAYS; way++) {
            unit.way = (enum way)way;
            check(&unit);
          }
        }
      }
    }
  }
}

static struct hf_evidence said(enum hf_severity severity,
                               const char *sqlstate) {
  struct hf_evidence evidence = {.phase = HF_PHASE_AWAIT,
                                 .status = HF_SERVER_ERROR,
                                 .severity = severity,
                                 .speaker = HF_SPEAKER_SERVER,
                                 .sqlstate = sqlstate,
                                 .message = "said by the server"};
  return evidence;
}

static char outcome(const struct hf_evidence *evidence) {
  return "-NRAP"[hf_classify(evidence).outcome];
}

static void a_panic_is_in_doubt_whatever_its_code(void **state) {
  static const char *const durable[] =
      {"58030", "53100", "53200", "53000", "XX000", "57P01", "40001"};
  size_t i;

  (void)state;
  for (i = 0; i < sizeof(durable) / sizeof(durable[0]); i++) {
    struct hf_evidence evidence = said(HF_SEVERITY_PANIC, durable[i]);

    assert_int_equal(outcome(&evidence), 'A');
    evidence.in_transaction = true;
    assert_int_equal(outcome(&evidence), 'R');
    evidence.commit_sent = true;
    assert_int_equal(outcome(&evidence), 'A');
  }
}

static void a_code_for_an_unknown_end_raised_by_sql_is_an_ordinary_error(
    void **state) {
  struct hf_evidence evidence = said(HF_SEVERITY_ERROR, "40003");

  (void)state;
  assert_int_equal(outcome(&evidence), 'A');
  evidence.routine = "exec_stmt_raise";
  assert_int_equal(outcome(&evidence), 'R');
}

/* PgBouncer sends FATAL in S, no V, and no routine. */
static struct hf_evidence pooler(const char *sqlstate, const char *message) {
  struct hf_evidence evidence = said(HF_SEVERITY_FATAL, sqlstate);

  evidence.speaker = HF_SPEAKER_UNKNOWN;
  evidence.message = message;
  evidence.pooled = true;
  return evidence;
}

static void a_poolers_own_error_is_judged_by_its_sentence(void **state) {
  struct hf_evidence evidence = pooler("08P01", "query_wait_timeout");

  (void)state;
  assert_int_equal(outcome(&evidence), 'N');
  evidence.may_commit_midway = true;
  assert_int_equal(outcome(&evidence), 'N');
  evidence = pooler("08P01", "server conn crashed?");
  assert_int_equal(outcome(&evidence), 'A');
  evidence = pooler("08P01", "a sentence of tomorrow");
  assert_int_equal(outcome(&evidence), 'A');
  evidence = pooler("57014", "query_timeout");
  assert_int_equal(outcome(&evidence), 'A');
  evidence = pooler("53300", "a sentence of tomorrow");
  assert_int_equal(outcome(&evidence), 'A');
  evidence.in_transaction = true;
  assert_int_equal(outcome(&evidence), 'R');
}

static void a_poolers_sentence_sent_by_the_server_is_not_the_poolers(
    void **state) {
  struct hf_evidence evidence = said(HF_SEVERITY_FATAL, "08P01");

  (void)state;
  evidence.message = "query_wait_timeout";
  assert_int_equal(outcome(&evidence), 'A');
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_error_after_sending_is_judged_as_documented),
      cmocka_unit_test(a_panic_is_in_doubt_whatever_its_code),
      cmocka_unit_test(
          a_code_for_an_unknown_end_raised_by_sql_is_an_ordinary_error),
      cmocka_unit_test(a_poolers_own_error_is_judged_by_its_sentence),
      cmocka_unit_test(
          a_poolers_sentence_sent_by_the_server_is_not_the_poolers),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
