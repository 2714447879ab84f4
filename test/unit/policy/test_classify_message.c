/* SPDX-License-Identifier: MIT */
/* Errors known only by their message: every row of those tables. */
#include "classify_support.h"

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

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_sentence_of_the_pooler_is_known),
      cmocka_unit_test(a_poolers_sentence_is_found_inside_prismas),
      cmocka_unit_test(every_sentence_without_a_code_is_known),
  };

  return cmocka_run_group_tests_name("classify message", tests, NULL, NULL);
}
