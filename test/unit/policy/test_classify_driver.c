/* SPDX-License-Identifier: MIT */
/* Errors of Node.js, drivers and Prisma: codes, kinds, names and texts. */
#include "classify_support.h"

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

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_code_of_the_drivers_is_known),
      cmocka_unit_test(every_kind_of_an_adapter_is_known),
      cmocka_unit_test(a_kind_overrides_prismas_code),
      cmocka_unit_test(class_names_are_known),
      cmocka_unit_test(a_transaction_lost_at_commit_is_ambiguous),
      cmocka_unit_test(an_sqlstate_is_found_in_prismas_text),
      cmocka_unit_test(a_code_in_any_other_text_proves_nothing),
      cmocka_unit_test(a_severity_is_found_in_prismas_text),
  };

  return cmocka_run_group_tests_name("classify driver", tests, NULL, NULL);
}
