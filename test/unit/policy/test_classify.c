/* SPDX-License-Identifier: MIT */
/*
 * Every row of the classification tables, and the rules that turn a row into
 * a judgement. A letter stands for an outcome: N not executed, R rolled back,
 * A ambiguous, P permanent.
 */
#include <string.h>

#include "core/policy/classify_text.h"
#include "core/policy/rule.h"
#include "support.h"

/* Flags of an expectation, in the order they are written below. */
enum {
  Y = 1 << 0, /* retryable */
  ONCE = 1 << 1,
  SLOW = 1 << 2,
  UNNAMED = 1 << 3,
  DISCARD = 1 << 4,
  CONNECT = 1 << 5 /* counts as a failure of connecting */
};

static char letter(enum hf_outcome outcome) {
  return "-NRAP"[outcome];
}

static int flags(const struct hf_classification *why) {
  return (why->retryable ? Y : 0) | (why->once ? ONCE : 0) |
         (why->slow ? SLOW : 0) | (why->unnamed ? UNNAMED : 0) |
         (why->discard ? DISCARD : 0) | (why->connecting ? CONNECT : 0);
}

static void expect(const char *what,
                   const struct hf_evidence *evidence,
                   char outcome,
                   int want) {
  struct hf_classification why = hf_classify(evidence);

  if (letter(why.outcome) != outcome || flags(&why) != want) {
    fail_msg("%s: %c %#x, not %c %#x (%s)",
             what,
             letter(why.outcome),
             (unsigned)flags(&why),
             outcome,
             (unsigned)want,
             why.reason);
  }
  assert_non_null(why.reason);
}

static struct hf_evidence server(const char *sqlstate) {
  struct hf_evidence evidence = {.phase = HF_PHASE_AWAIT,
                                 .status = HF_SERVER_ERROR,
                                 .severity = HF_SEVERITY_ERROR,
                                 .speaker = HF_SPEAKER_SERVER,
                                 .sqlstate = sqlstate,
                                 .message = "said by the server"};
  return evidence;
}

static struct hf_evidence foreign(const char *code, const char *message) {
  struct hf_evidence evidence = {.phase = HF_PHASE_UNKNOWN,
                                 .code = code,
                                 .message = message};
  return evidence;
}

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

struct text_row {
  const char *text;
  char outcome;
  int want;
  char in_transaction;
};

static const struct text_row pooler_sentences[] = {
    {"query_wait_timeout", 'N', Y | DISCARD, 'R'},
    {"no more connections allowed (max_client_conn)",
     'N',
     Y | SLOW | DISCARD,
     'R'},
    {"server login has been failing, try again later", 'N', Y | DISCARD, 'R'},
    {"client_login_timeout (server down)", 'N', Y | DISCARD, 'R'},
    {"pgbouncer cannot connect to server", 'N', Y | DISCARD, 'R'},
    {"database \"x\" is disabled", 'N', Y | DISCARD, 'R'},
    {"database removed", 'N', Y | DISCARD, 'R'},
    {"pooler is shutting down", 'N', Y | DISCARD, 'R'},
    {"server shutting down", 'N', Y | DISCARD, 'R'},
    {"server conn crashed?", 'A', Y | DISCARD, 'R'},
    {"query timeout", 'A', Y | DISCARD, 'R'},
    {"query_timeout", 'A', Y | DISCARD, 'R'},
    {"transaction timeout", 'A', Y | DISCARD, 'R'},
    {"idle transaction timeout", 'A', Y | DISCARD, 'R'},
    {"server lifetime over", 'A', Y | DISCARD, 'R'},
    {"out of memory", 'A', Y | DISCARD, 'R'},
    {"something new", 'A', Y | DISCARD, 'R'},
    {"no such database: nope", 'P', DISCARD, 'P'},
    {"database \"nope\" does not exist", 'P', DISCARD, 'P'},
    {"bouncer config error", 'P', DISCARD, 'P'},
    {"no such user", 'P', DISCARD, 'P'},
    {"password authentication failed", 'P', DISCARD, 'P'},
    {"SASL authentication failed", 'P', DISCARD, 'P'},
    {"unsupported startup parameter: x", 'P', DISCARD, 'P'},
    {"SSL required", 'P', DISCARD, 'P'},
    {"prepared statement did not exist", 'P', DISCARD, 'P'},
};

static void every_sentence_of_the_pooler_is_known(void **state) {
  size_t i;

  (void)state;
  for (i = 0; i < sizeof(pooler_sentences) / sizeof(pooler_sentences[0]); i++) {
    const struct text_row *row = &pooler_sentences[i];
    struct hf_evidence evidence = server("08P01");

    evidence.message = row->text;
    evidence.speaker = HF_SPEAKER_POOLER;
    expect(row->text, &evidence, row->outcome, row->want);
    evidence.speaker = HF_SPEAKER_UNKNOWN;
    expect(row->text, &evidence, row->outcome, row->want);
    evidence.in_transaction = true;
    assert_int_equal(letter(hf_classify(&evidence).outcome),
                     row->in_transaction);
    evidence.in_transaction = false;
    evidence.routine = "ProcessStartupPacket";
    expect("a server's violation", &evidence, 'P', DISCARD);
  }
}

static void a_poolers_sentence_is_found_inside_prismas(void **state) {
  struct hf_evidence evidence =
      foreign("P2039",
              "\nInvalid `prisma.user.findMany()` invocation:\n\n\n"
              "Database error. Code: `08P01`. Message: "
              "`query_wait_timeout`");

  (void)state;
  evidence.name = "PrismaClientKnownRequestError";
  expect("query_wait_timeout", &evidence, 'N', Y | DISCARD);
}

static const struct text_row sentences[] = {
    {"could not translate host name \"x\" to address: y",
     'N',
     Y | ONCE | DISCARD | CONNECT,
     'R'},
    {"connection to server at \"h\" (::1), port 1 failed: Connection refused",
     'N',
     Y | DISCARD | CONNECT,
     'R'},
    {"connection to server at \"h\", port 1 failed: server closed the "
     "connection unexpectedly",
     'N',
     Y | DISCARD | CONNECT,
     'R'},
    {"connection to server on socket \"s\" failed: No such file or directory",
     'N',
     Y | DISCARD | CONNECT,
     'R'},
    {"connection to server at \"h\", port 1 failed: FATAL:  53300: sorry",
     'N',
     Y | SLOW | DISCARD | CONNECT,
     'R'},
    {"connection to server at \"h\", port 1 failed: FATAL:  28P01: no",
     'P',
     DISCARD | CONNECT,
     'P'},
    {"connection to server at \"h\", port 1 failed: server does not support "
     "SSL, but SSL was required",
     'P',
     DISCARD | CONNECT,
     'P'},
    {"connection to server at \"h\", port 1 failed: SSL error: certificate "
     "verify failed",
     'P',
     DISCARD | CONNECT,
     'P'},
    {"connection to server at \"h\" failed: fe_sendauth: no password supplied",
     'P',
     DISCARD | CONNECT,
     'P'},
    {"connection to server at \"h\" failed: channel binding required, but x",
     'P',
     DISCARD | CONNECT,
     'P'},
    {"connection to server at \"h\" failed: malformed SCRAM message (x)",
     'P',
     DISCARD | CONNECT,
     'P'},
    {"connection to server at \"h\" failed: received unencrypted data after "
     "SSL response",
     'P',
     DISCARD | CONNECT,
     'P'},
    {"connection to server at \"h\" failed: expected authentication request "
     "from server, but received H",
     'P',
     DISCARD | CONNECT,
     'P'},
    {"could not create socket: x", 'N', Y | DISCARD | CONNECT, 'R'},
    {"could not send startup packet: x", 'N', Y | DISCARD | CONNECT, 'R'},
    {"could not send SSL negotiation packet: x",
     'N',
     Y | DISCARD | CONNECT,
     'R'},
    {"timeout expired", 'N', Y | DISCARD | CONNECT, 'R'},
    {"server does not support SSL, but SSL was required",
     'P',
     DISCARD | CONNECT,
     'P'},
    {"SSL error: certificate verify failed", 'P', DISCARD | CONNECT, 'P'},
    {"server certificate for \"a\" does not match host name \"b\"",
     'P',
     DISCARD | CONNECT,
     'P'},
    {"root certificate file \"x\" does not exist", 'P', DISCARD | CONNECT, 'P'},
    {"fe_sendauth: no password supplied", 'P', DISCARD | CONNECT, 'P'},
    {"channel binding required, but x", 'P', DISCARD | CONNECT, 'P'},
    {"malformed SCRAM message (x)", 'P', DISCARD | CONNECT, 'P'},
    {"received unencrypted data after SSL response",
     'P',
     DISCARD | CONNECT,
     'P'},
    {"expected authentication request from server, but received H",
     'P',
     DISCARD | CONNECT,
     'P'},
    {"no connection to the server", 'N', Y | DISCARD, 'R'},
    {"connection not open", 'N', Y | DISCARD, 'R'},
    {"connection pointer is NULL", 'N', Y | DISCARD, 'R'},
    {"another command is already in progress", 'N', Y | DISCARD, 'R'},
    {"server closed the connection unexpectedly\n\tThis probably means x",
     'A',
     Y | DISCARD,
     'R'},
    {"SSL connection has been closed unexpectedly", 'A', Y | DISCARD, 'R'},
    {"SSL SYSCALL error: EOF detected", 'A', Y | DISCARD, 'R'},
    {"could not receive data from server: x", 'A', Y | DISCARD, 'R'},
    {"could not send data to server: x", 'A', Y | DISCARD, 'R'},
    {"lost synchronization with server: got message type \"x\"",
     'A',
     DISCARD,
     'R'},
    {"unexpected response from server; first received character was \"x\"",
     'A',
     DISCARD,
     'R'},
    {"insufficient data in \"D\" message", 'A', DISCARD, 'R'},
    {"cannot allocate memory for input buffer", 'A', DISCARD, 'R'},
    {"out of memory for query result", 'A', DISCARD, 'R'},
    {"invalid socket", 'A', Y | DISCARD, 'R'},
    {"timeout exceeded when trying to connect", 'N', Y, 'R'},
    {"Connection terminated due to connection timeout",
     'N',
     Y | DISCARD | CONNECT,
     'R'},
    {"Client has encountered a connection error and is not queryable",
     'N',
     Y | DISCARD,
     'R'},
    {"Client was closed and is not queryable", 'N', Y | DISCARD, 'R'},
    {"Connection terminated unexpectedly", 'A', Y | DISCARD, 'R'},
    {"Connection terminated", 'A', Y | DISCARD, 'R'},
    {"Query read timeout", 'A', Y | DISCARD, 'R'},
    {"Cannot use a pool after calling end on the pool", 'P', 0, 'P'},
    {"Called end on pool more than once", 'P', 0, 'P'},
    {"Release called on client which has already been released to the pool.",
     'P',
     0,
     'P'},
    {"The server does not support SSL connections",
     'P',
     DISCARD | CONNECT,
     'P'},
    {"SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a string",
     'P',
     DISCARD | CONNECT,
     'P'},
    {"Client network socket disconnected before secure TLS connection was "
     "established",
     'N',
     Y | DISCARD | CONNECT,
     'R'},
    {"Can't reach database server at `h`:`1`", 'A', Y | DISCARD, 'R'},
    {"Server has closed the connection.", 'A', Y | DISCARD, 'R'},
    {"Timed out fetching a new connection from the connection pool. x",
     'N',
     Y | SLOW,
     'R'},
    {"Transaction API error: Unable to start a transaction in the given time.",
     'N',
     Y | SLOW,
     'R'},
    {"Unable to start a transaction in the given time.", 'N', Y | SLOW, 'R'},
    {"Error opening a TLS connection: x", 'P', DISCARD | CONNECT, 'P'},
    {"Too many database connections opened: x",
     'N',
     Y | SLOW | DISCARD | CONNECT,
     'R'},
    {"Transaction failed due to a write conflict or a deadlock. x",
     'R',
     Y,
     'R'},
    {"Engine is not yet connected.", 'N', Y, 'R'},
    {"Response from the Engine was empty", 'A', Y, 'R'},
    {"kind: Closed", 'A', Y | DISCARD, 'R'},
    {"Error { kind: Closed, cause: None }", 'A', Y | DISCARD, 'R'},
    {"Error { kind: Io, cause: x }", 'A', Y | DISCARD, 'R'},
    {"unexpected EOF", 'A', Y | DISCARD, 'R'},
    {"Connection reset by peer", 'A', Y | DISCARD, 'R'},
    {"prepared statement \"s0\" already exists", 'R', Y | UNNAMED, 'R'},
    {"prepared statement \"s0\" does not exist", 'R', Y | UNNAMED, 'R'},
    {"Timed out", 'A', 0, 'R'},
    {"the connection pool is nice", 'A', 0, 'R'},
    {"I said: Connection terminated", 'A', 0, 'R'},
    {"", 'A', 0, 'R'},
};

static void every_sentence_without_a_code_is_known(void **state) {
  size_t i;

  (void)state;
  for (i = 0; i < sizeof(sentences) / sizeof(sentences[0]); i++) {
    struct hf_evidence evidence = foreign(NULL, sentences[i].text);

    expect(sentences[i].text,
           &evidence,
           sentences[i].outcome,
           sentences[i].want);
    evidence.in_transaction = true;
    assert_int_equal(letter(hf_classify(&evidence).outcome),
                     sentences[i].in_transaction);
  }
}

struct code_row {
  const char *code;
  const char *syscall;
  const char *message;
  char outcome;
  int want;
};

static const struct code_row codes[] = {
    {"ECONNREFUSED", "connect", NULL, 'N', Y | DISCARD | CONNECT},
    {"ECONNREFUSED", NULL, "", 'N', Y | DISCARD | CONNECT},
    {"ENOTFOUND", "getaddrinfo", NULL, 'N', Y | ONCE | DISCARD | CONNECT},
    {"EAI_AGAIN", NULL, NULL, 'N', Y | DISCARD | CONNECT},
    {"EHOSTUNREACH", NULL, NULL, 'N', Y | DISCARD | CONNECT},
    {"ENETUNREACH", NULL, NULL, 'N', Y | DISCARD | CONNECT},
    {"ENETDOWN", NULL, NULL, 'N', Y | DISCARD | CONNECT},
    {"EADDRNOTAVAIL", NULL, NULL, 'N', Y | DISCARD | CONNECT},
    {"EMFILE", NULL, NULL, 'N', Y | DISCARD | CONNECT},
    {"ENFILE", NULL, NULL, 'N', Y | DISCARD | CONNECT},
    {"ETIMEDOUT", "connect", NULL, 'N', Y | DISCARD | CONNECT},
    {"ECONNRESET", "connect", NULL, 'N', Y | DISCARD | CONNECT},
    {"ECONNRESET", "read", NULL, 'A', Y | DISCARD},
    {"ECONNRESET", NULL, NULL, 'A', Y | DISCARD},
    {"ECONNRESET",
     NULL,
     "Client network socket disconnected before secure TLS connection was x",
     'N',
     Y | DISCARD | CONNECT},
    {"EPIPE", "write", NULL, 'A', Y | DISCARD},
    {"ETIMEDOUT", "read", NULL, 'A', Y | DISCARD},
    {"ECONNABORTED", NULL, NULL, 'A', Y | DISCARD},
    {"ERR_STREAM_DESTROYED", NULL, NULL, 'A', Y | DISCARD},
    {"CERT_HAS_EXPIRED", NULL, NULL, 'P', DISCARD | CONNECT},
    {"DEPTH_ZERO_SELF_SIGNED_CERT", NULL, NULL, 'P', DISCARD | CONNECT},
    {"SELF_SIGNED_CERT_IN_CHAIN", NULL, NULL, 'P', DISCARD | CONNECT},
    {"ERR_TLS_CERT_ALTNAME_INVALID", NULL, NULL, 'P', DISCARD | CONNECT},
    {"ERR_SSL_WRONG_VERSION_NUMBER", NULL, NULL, 'P', DISCARD | CONNECT},
    {"UNABLE_TO_VERIFY_LEAF_SIGNATURE", NULL, NULL, 'P', DISCARD | CONNECT},
    {"CRL_HAS_EXPIRED", NULL, NULL, 'P', DISCARD | CONNECT},
    {"ERROR_IN_CERT_NOT_AFTER_FIELD", NULL, NULL, 'P', DISCARD | CONNECT},
    {"ERROR_IN_CRL_NEXT_UPDATE_FIELD", NULL, NULL, 'P', DISCARD | CONNECT},
    {"HOSTNAME_MISMATCH", NULL, NULL, 'P', DISCARD | CONNECT},
    {"INVALID_CA", NULL, NULL, 'P', DISCARD | CONNECT},
    {"INVALID_PURPOSE", NULL, NULL, 'P', DISCARD | CONNECT},
    {"PATH_LENGTH_EXCEEDED", NULL, NULL, 'P', DISCARD | CONNECT},
    {"CONNECT_TIMEOUT", NULL, NULL, 'N', Y | DISCARD | CONNECT},
    {"CONNECTION_CLOSED", NULL, NULL, 'A', Y | DISCARD},
    {"CONNECTION_DESTROYED", NULL, NULL, 'A', Y | DISCARD},
    {"CONNECTION_ENDED", NULL, NULL, 'P', 0},
    {"MAX_PARAMETERS_EXCEEDED", NULL, NULL, 'P', 0},
    {"UNSAFE_TRANSACTION", NULL, NULL, 'P', 0},
    {"UNDEFINED_VALUE", NULL, NULL, 'P', 0},
    {"NOT_TAGGED_CALL", NULL, NULL, 'P', 0},
    {"SASL_SIGNATURE_MISMATCH", NULL, NULL, 'P', DISCARD | CONNECT},
    {"AUTH_TYPE_NOT_IMPLEMENTED", NULL, NULL, 'P', DISCARD | CONNECT},
    {"MESSAGE_NOT_SUPPORTED", NULL, NULL, 'P', 0},
    {"COPY_IN_PROGRESS", NULL, NULL, 'P', 0},
    {"ABORT_ERR", NULL, NULL, 'P', 0},
    {"P1000", NULL, NULL, 'P', DISCARD | CONNECT},
    {"P1001", NULL, NULL, 'A', Y | DISCARD},
    {"P1002", NULL, NULL, 'N', Y | DISCARD | CONNECT},
    {"P1003", NULL, NULL, 'P', DISCARD | CONNECT},
    {"P1008", NULL, NULL, 'A', Y | DISCARD},
    {"P1009", NULL, NULL, 'P', 0},
    {"P1010", NULL, NULL, 'P', DISCARD | CONNECT},
    {"P1011", NULL, NULL, 'P', DISCARD | CONNECT},
    {"P1012", NULL, NULL, 'P', 0},
    {"P1017", NULL, NULL, 'A', Y | DISCARD},
    {"P1019", NULL, NULL, 'P', 0},
    {"P2002", NULL, NULL, 'P', 0},
    {"P2024", NULL, NULL, 'N', Y | SLOW},
    {"P2025", NULL, NULL, 'P', 0},
    {"P2028",
     NULL,
     "Transaction API error: Unable to start a transaction in the given time.",
     'N',
     Y | SLOW},
    {"P2028",
     NULL,
     "Transaction API error: A query cannot be executed on an expired "
     "transaction. The timeout was 500 ms",
     'R',
     Y},
    {"P2028",
     NULL,
     "Transaction API error: A commit cannot be executed on an expired "
     "transaction.",
     'R',
     Y},
    {"P2028",
     NULL,
     "Transaction API error: A query cannot be executed on a transaction "
     "that was rolled back.",
     'R',
     Y},
    {"P2028",
     NULL,
     "Transaction API error: A query cannot be executed on a committed "
     "transaction.",
     'P',
     0},
    {"P2028",
     NULL,
     "Transaction API error: Transaction already closed: A rollback cannot be "
     "executed on a committed transaction.",
     'A',
     Y},
    {"P2028", NULL, "Transaction API error: Transaction not found. x", 'R', Y},
    {"P2028", NULL, "something new", 'A', 0},
    {"P2028", NULL, NULL, 'A', 0},
    {"P2034", NULL, NULL, 'R', Y},
    {"P2035", NULL, NULL, 'P', 0},
    {"P2037", NULL, NULL, 'N', Y | SLOW | DISCARD | CONNECT},
    {"P2010",
     NULL,
     "Raw query failed. Code: `40P01`. Message: `deadlock`",
     'R',
     Y},
    {"P2010",
     NULL,
     "\nInvalid `prisma.$queryRaw()` invocation:\n\n\nRaw query failed. "
     "Code: `N/A`. Message: `Server has closed the connection.`",
     'A',
     Y | DISCARD},
    {"P2036", NULL, "Error in external connector", 'A', 0},
    {"P2039",
     NULL,
     "Database error. Code: `42P05`. Message: `x`",
     'R',
     Y | UNNAMED},
    {"40001", NULL, "could not serialize access", 'R', Y},
    {"ERR_SOMETHING", NULL, NULL, 'A', 0},
    {NULL, NULL, NULL, 'A', 0},
};

static void every_code_of_the_drivers_is_known(void **state) {
  size_t i;

  (void)state;
  for (i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
    struct hf_evidence evidence = foreign(codes[i].code, codes[i].message);

    evidence.syscall = codes[i].syscall;
    expect(codes[i].code == NULL ? "nothing" : codes[i].code,
           &evidence,
           codes[i].outcome,
           codes[i].want);
  }
}

static const struct text_row kinds[] = {
    {"DatabaseNotReachable", 'N', Y | DISCARD | CONNECT, 'R'},
    {"SocketTimeout", 'A', Y | DISCARD, 'R'},
    {"ConnectionClosed", 'A', Y | DISCARD, 'R'},
    {"TlsConnectionError", 'P', DISCARD | CONNECT, 'P'},
    {"AuthenticationFailed", 'P', DISCARD | CONNECT, 'P'},
    {"DatabaseAccessDenied", 'P', DISCARD | CONNECT, 'P'},
    {"DatabaseDoesNotExist", 'P', DISCARD | CONNECT, 'P'},
    {"TooManyConnections", 'N', Y | SLOW | DISCARD | CONNECT, 'R'},
    {"TransactionWriteConflict", 'R', Y, 'R'},
    {"TransactionAlreadyClosed", 'P', 0, 'P'},
    {"UniqueConstraintViolation", 'P', 0, 'P'},
    {"ForeignKeyConstraintViolation", 'P', 0, 'P'},
    {"NullConstraintViolation", 'P', 0, 'P'},
    {"DatabaseAlreadyExists", 'P', 0, 'P'},
    {"TableDoesNotExist", 'P', 0, 'P'},
    {"ColumnNotFound", 'P', 0, 'P'},
    {"LengthMismatch", 'P', 0, 'P'},
    {"ValueOutOfRange", 'P', 0, 'P'},
    {"InvalidInputValue", 'P', 0, 'P'},
    {"MissingFullTextSearchIndex", 'P', 0, 'P'},
    {"InconsistentColumnData", 'P', 0, 'P'},
    {"UnsupportedNativeDataType", 'P', 0, 'P'},
    {"InvalidIsolationLevel", 'P', 0, 'P'},
    {"SomethingNew", 'A', 0, 'R'},
};

static void every_kind_of_an_adapter_is_known(void **state) {
  size_t i;

  (void)state;
  for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
    struct hf_evidence evidence = foreign(NULL, kinds[i].text);

    evidence.kind = kinds[i].text;
    evidence.name = "DriverAdapterError";
    expect(kinds[i].text, &evidence, kinds[i].outcome, kinds[i].want);
    evidence.in_transaction = true;
    assert_int_equal(letter(hf_classify(&evidence).outcome),
                     kinds[i].in_transaction);
  }
}

static void a_kind_overrides_prismas_code(void **state) {
  struct hf_evidence evidence = foreign("P1001", "Can't reach database x");

  (void)state;
  evidence.kind = "DatabaseNotReachable";
  expect("P1001 of the adapter", &evidence, 'N', Y | DISCARD | CONNECT);
}

static void class_names_are_known(void **state) {
  struct hf_evidence evidence = foreign("P1001", NULL);

  (void)state;
  evidence.name = "PrismaClientInitializationError";
  expect("initialization", &evidence, 'N', Y | DISCARD | CONNECT);
  evidence.code = "P1000";
  expect("initialization", &evidence, 'P', DISCARD | CONNECT);
  evidence.code = NULL;
  evidence.name = "PrismaClientRustPanicError";
  expect("panic", &evidence, 'A', 0);
  evidence.name = "PrismaClientValidationError";
  expect("validation", &evidence, 'P', 0);
  evidence.name = "AbortError";
  expect("abort", &evidence, 'P', 0);
  evidence.name = "TypeError";
  expect("type error", &evidence, 'A', 0);
}

static void a_transaction_lost_at_commit_is_ambiguous(void **state) {
  struct hf_evidence evidence = foreign("P2028", "Transaction not found.");

  (void)state;
  evidence.phase = HF_PHASE_COMMIT;
  expect("P2028", &evidence, 'A', Y);
}

static void an_sqlstate_is_found_in_prismas_text(void **state) {
  static const struct {
    const char *text;
    const char *sqlstate;
  } rows[] = {
      {"PostgresError { code: \"42P05\", message: \"x\" }", "42P05"},
      {"DbError { code: SqlState(\"26000\"), message: x }", "26000"},
      {"DbError { code: SqlState(E57P01), message: x }", "57P01"},
      {"Database error. Code: `57P03`. Message: `x`", "57P03"},
      {"Raw query failed. Code: `N/A`. Message: `x`", NULL},
      {"where: { code: \"10000\" }\nCan't reach", NULL},
      {"{ code: \"P2034\" }", NULL},
      {"app failed with code: \"40001\"", NULL},
      {"app failed. Code: `40001`", NULL},
      {"code: \"40001\" PostgresError { message: \"x\" }", NULL},
      {"Raw query failed. Code: `40001`. Message: `x`", "40001"},
      {"{ code: \"EPIPE\" }", NULL},
      {"connection to server at \"h\" failed: FATAL:  57P03: x", "57P03"},
      {"connection to server at \"h\" failed: FATAL:  x", NULL},
      {"failed: FATAL:  57P03: x", NULL},
      {"", NULL}};
  size_t i;

  (void)state;
  for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    char sqlstate[6] = "";
    bool found = hf_classify_extract(rows[i].text, false, sqlstate);

    assert_int_equal(found, rows[i].sqlstate != NULL);
    assert_string_equal(sqlstate,
                        rows[i].sqlstate == NULL ? "" : rows[i].sqlstate);
  }
}

static void a_code_in_any_other_text_proves_nothing(void **state) {
  struct hf_evidence evidence =
      foreign(NULL, "app failed with code: \"40001\"");

  (void)state;
  evidence.name = "Error";
  expect("an application's", &evidence, 'A', 0);
  evidence.name = "PrismaClientUnknownRequestError";
  expect("Prisma's", &evidence, 'R', Y);
}

static void a_severity_is_found_in_prismas_text(void **state) {
  struct hf_evidence evidence =
      foreign(NULL,
              "Error occurred:\nDbError { severity: \"FATAL\", code: "
              "SqlState(E57P01), message: \"x\" }");

  (void)state;
  evidence.name = "PrismaClientUnknownRequestError";
  expect("FATAL", &evidence, 'R', Y | DISCARD);
  evidence.name = "SomeOtherError";
  expect("not Prisma's", &evidence, 'A', 0);
}

struct status_row {
  enum hf_status status;
  char before;
  int want_before;
  char after;
  int want_after;
};

static const struct status_row statuses[] = {
    {HF_NO_MEMORY, 'N', 0, 'A', DISCARD},
    {HF_SERVER_ERROR, 'N', Y | DISCARD, 'A', Y | DISCARD},
    {HF_SOCKET_ERROR, 'N', Y | DISCARD, 'A', Y | DISCARD},
    {HF_NAME_ERROR, 'N', Y | ONCE | DISCARD, 'N', Y | ONCE | DISCARD},
    {HF_TLS_ERROR, 'P', DISCARD, 'A', DISCARD},
    {HF_AUTH_ERROR, 'P', DISCARD, 'P', DISCARD},
    {HF_PROTOCOL_ERROR, 'P', DISCARD, 'A', DISCARD},
    {HF_ACQUIRE_TIMEOUT, 'N', Y | SLOW, 'N', Y | SLOW},
    {HF_QUEUE_FULL, 'N', Y | SLOW, 'N', Y | SLOW},
    {HF_CONNECT_TIMEOUT, 'N', Y | DISCARD, 'N', Y | DISCARD},
    {HF_QUERY_TIMEOUT, 'N', Y, 'A', Y | DISCARD},
    {HF_DEADLINE, 'N', 0, 'A', DISCARD},
    {HF_ABORTED, 'N', 0, 'A', 0},
    {HF_POOL_CLOSED, 'P', 0, 'A', DISCARD},
    {HF_RELEASED, 'P', 0, 'P', 0},
    {HF_PARAM_INVALID, 'P', 0, 'P', 0},
    {HF_COPY_UNSUPPORTED, 'P', 0, 'P', 0},
    {HF_RESULT_TOO_LARGE, 'P', 0, 'P', DISCARD},
    {HF_OUTCOME_UNKNOWN, 'A', Y | DISCARD, 'A', Y | DISCARD},
    {HF_BREAKER_OPEN, 'N', Y, 'N', Y},
    {HF_SESSION_REQUIRED, 'P', 0, 'P', 0},
    {HF_TRANSACTION_OPEN, 'P', 0, 'P', 0},
    {HF_COMMIT_ROLLED_BACK, 'R', 0, 'R', 0},
    {HF_SILENT, 'N', Y | DISCARD, 'A', Y | DISCARD},
    {HF_ROLLED_BACK, 'N', 0, 'A', 0},
    {HF_HOOK_FAILED, 'N', 0, 'N', 0},
};

static void every_status_of_ours_is_judged_by_what_was_sent(void **state) {
  size_t i;

  (void)state;
  assert_int_equal(sizeof(statuses) / sizeof(statuses[0]), HF_STATUS_COUNT - 1);
  for (i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
    const struct status_row *row = &statuses[i];
    struct hf_evidence evidence = {.phase = HF_PHASE_SEND,
                                   .status = row->status,
                                   .message = "x"};

    expect(hf_status_code(row->status), &evidence, row->after, row->want_after);
    evidence.nothing_sent = true;
    expect(hf_status_code(row->status),
           &evidence,
           row->before,
           row->want_before);
    evidence.nothing_sent = false;
    evidence.phase = HF_PHASE_LOCAL;
    expect(hf_status_code(row->status),
           &evidence,
           row->before,
           row->want_before);
  }
}

static void a_lost_transaction_is_rolled_back_until_commit_is_sent(
    void **state) {
  static const enum hf_status losses[] = {HF_SOCKET_ERROR,
                                          HF_SILENT,
                                          HF_QUERY_TIMEOUT,
                                          HF_PROTOCOL_ERROR,
                                          HF_DEADLINE,
                                          HF_ABORTED,
                                          HF_TLS_ERROR,
                                          HF_NO_MEMORY,
                                          HF_POOL_CLOSED,
                                          HF_SERVER_ERROR};
  size_t i;

  (void)state;
  for (i = 0; i < sizeof(losses) / sizeof(losses[0]); i++) {
    struct hf_evidence evidence = {.phase = HF_PHASE_AWAIT,
                                   .status = losses[i],
                                   .in_transaction = true};
    struct hf_classification why = hf_classify(&evidence);

    assert_int_equal(letter(why.outcome), 'R');
    assert_int_equal(why.unit, HF_UNIT_TRANSACTION);
    evidence.commit_sent = true;
    why = hf_classify(&evidence);
    assert_int_equal(letter(why.outcome), 'A');
    assert_int_equal(why.unit, HF_UNIT_TRANSACTION);
    evidence.commit_sent = false;
    evidence.may_commit_midway = true;
    assert_int_equal(letter(hf_classify(&evidence).outcome), 'A');
  }
}

static void a_statement_that_was_not_sent_still_loses_its_transaction(
    void **state) {
  struct hf_evidence evidence = {.phase = HF_PHASE_SEND,
                                 .status = HF_SOCKET_ERROR,
                                 .nothing_sent = true,
                                 .in_transaction = true};

  (void)state;
  expect("never left", &evidence, 'R', Y | DISCARD);
  assert_int_equal(hf_classify(&evidence).unit, HF_UNIT_TRANSACTION);
}

static void a_confirmed_cancel_is_rolled_back(void **state) {
  static const enum hf_status causes[] = {HF_QUERY_TIMEOUT,
                                          HF_DEADLINE,
                                          HF_ABORTED,
                                          HF_RESULT_TOO_LARGE};
  size_t i;

  (void)state;
  for (i = 0; i < sizeof(causes) / sizeof(causes[0]); i++) {
    struct hf_evidence evidence = server("57014");

    evidence.status = causes[i];
    expect("57014", &evidence, 'R', 0);
  }
}

static void zeroed_evidence_is_ambiguous(void **state) {
  struct hf_evidence evidence = {0};

  (void)state;
  expect("nothing", &evidence, 'A', 0);
  evidence.phase = HF_PHASE_CONNECT;
  expect("nothing, connecting", &evidence, 'N', Y | DISCARD | CONNECT);
  evidence.phase = HF_PHASE_ACQUIRE;
  expect("nothing, waiting", &evidence, 'N', Y | DISCARD);
}

static void an_end_between_two_attempts_is_rolled_back(void **state) {
  struct hf_evidence evidence = {.phase = HF_PHASE_BACKOFF,
                                 .status = HF_DEADLINE};

  (void)state;
  expect("after an attempt that ran", &evidence, 'R', 0);
  evidence.nothing_sent = true;
  expect("after an attempt that did not", &evidence, 'N', 0);
}

static void only_failures_to_connect_count_for_the_breaker(void **state) {
  struct hf_evidence evidence = {.phase = HF_PHASE_CONNECT,
                                 .status = HF_SOCKET_ERROR};

  (void)state;
  assert_true(hf_classify(&evidence).connecting);
  evidence.status = HF_CONNECT_TIMEOUT;
  assert_true(hf_classify(&evidence).connecting);
  evidence.status = HF_AUTH_ERROR;
  assert_true(hf_classify(&evidence).connecting);
  evidence.status = HF_ABORTED;
  assert_false(hf_classify(&evidence).connecting);
  evidence.status = HF_DEADLINE;
  assert_false(hf_classify(&evidence).connecting);
  evidence.status = HF_POOL_CLOSED;
  assert_false(hf_classify(&evidence).connecting);
  evidence.status = HF_SOCKET_ERROR;
  evidence.phase = HF_PHASE_AWAIT;
  assert_false(hf_classify(&evidence).connecting);
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
      cmocka_unit_test(every_sentence_of_the_pooler_is_known),
      cmocka_unit_test(a_poolers_sentence_is_found_inside_prismas),
      cmocka_unit_test(every_sentence_without_a_code_is_known),
      cmocka_unit_test(every_code_of_the_drivers_is_known),
      cmocka_unit_test(every_kind_of_an_adapter_is_known),
      cmocka_unit_test(a_kind_overrides_prismas_code),
      cmocka_unit_test(class_names_are_known),
      cmocka_unit_test(a_transaction_lost_at_commit_is_ambiguous),
      cmocka_unit_test(an_sqlstate_is_found_in_prismas_text),
      cmocka_unit_test(a_code_in_any_other_text_proves_nothing),
      cmocka_unit_test(a_severity_is_found_in_prismas_text),
      cmocka_unit_test(every_status_of_ours_is_judged_by_what_was_sent),
      cmocka_unit_test(a_lost_transaction_is_rolled_back_until_commit_is_sent),
      cmocka_unit_test(
          a_statement_that_was_not_sent_still_loses_its_transaction),
      cmocka_unit_test(a_confirmed_cancel_is_rolled_back),
      cmocka_unit_test(zeroed_evidence_is_ambiguous),
      cmocka_unit_test(an_end_between_two_attempts_is_rolled_back),
      cmocka_unit_test(only_failures_to_connect_count_for_the_breaker),
      cmocka_unit_test(sqlstates_are_distinguished_from_other_codes),
  };

  return cmocka_run_group_tests_name("classify", tests, NULL, NULL);
}
