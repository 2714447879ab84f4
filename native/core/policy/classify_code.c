/* SPDX-License-Identifier: MIT */
/*
 * Errors of Node, pg, postgres.js and Prisma by code: `kind` of a driver
 * adapter, `code`, and the name of the class.
 */
#include <string.h>

#include "core/policy/classify_rules.h"
#include "core/policy/classify_text.h"

enum { PRISMA_CODE_LENGTH = 5 };

struct row {
  const char *code;
  struct hf_rule rule;
};

struct sentence_row {
  const char *part;
  struct hf_rule rule;
};

/* clang-format off */
static const struct row kinds[] = {
  {"DatabaseNotReachable", {N, CONNECT, "the server was not reached"}},
  {"SocketTimeout", {A, RETRY | DISCARD, "no answer in time"}},
  {"ConnectionClosed", {A, RETRY | DISCARD, "the connection was lost"}},
  {"TlsConnectionError", {P, REFUSED, "TLS could not be established"}},
  {"AuthenticationFailed", {P, REFUSED, "authentication failed"}},
  {"DatabaseAccessDenied", {P, REFUSED, "the user lacks the privilege"}},
  {"DatabaseDoesNotExist", {P, REFUSED, "the database does not exist"}},
  {"TooManyConnections",
   {N, CONNECT | FULL, "the server has no connection left"}},
  {"TransactionWriteConflict",
   {R, RETRY, "it conflicted with another transaction"}},
  {"TransactionAlreadyClosed", {P, 0, "the transaction was closed already"}},
  {"UniqueConstraintViolation", {P, 0, "a constraint forbids it"}},
  {"ForeignKeyConstraintViolation", {P, 0, "a constraint forbids it"}},
  {"NullConstraintViolation", {P, 0, "a constraint forbids it"}},
  {"DatabaseAlreadyExists", {P, 0, "the database exists already"}},
  {"TableDoesNotExist", {P, 0, "the table does not exist"}},
  {"ColumnNotFound", {P, 0, "the column does not exist"}},
  {"LengthMismatch", {P, 0, "a value is too long"}},
  {"ValueOutOfRange", {P, 0, "a value is out of range"}},
  {"InvalidInputValue", {P, 0, "a value is not valid"}},
  {"MissingFullTextSearchIndex", {P, 0, "an index is missing"}},
  {"InconsistentColumnData", {P, 0, "a value is not valid"}},
  {"UnsupportedNativeDataType", {P, 0, "a type is not supported"}},
  {"InvalidIsolationLevel", {P, 0, "the isolation level is not valid"}}
};

/* Only reported before a connection is established, whatever was called. */
static const struct row codes[] = {
  {"ECONNREFUSED", {N, CONNECT, "the server was not reached"}},
  {"ENOTFOUND",
   {N, CONNECT | ONCE, "the host name could not be resolved"}},
  {"EAI_AGAIN", {N, CONNECT, "the host name could not be resolved just now"}},
  {"EHOSTUNREACH", {N, CONNECT, "the server was not reached"}},
  {"ENETUNREACH", {N, CONNECT, "the network was not reached"}},
  {"ENETDOWN", {N, CONNECT, "the network is down"}},
  {"EADDRNOTAVAIL", {N, CONNECT, "no local port was free"}},
  {"EMFILE", {N, CONNECT, "the process has too many files open"}},
  {"ENFILE", {N, CONNECT, "the system has too many files open"}},
  /* postgres.js */
  {"CONNECT_TIMEOUT", {N, CONNECT, "connecting took too long"}},
  {"CONNECTION_CLOSED", {A, RETRY | DISCARD, "the connection was lost"}},
  {"CONNECTION_DESTROYED", {A, RETRY | DISCARD, "the connection was closed"}},
  {"CONNECTION_ENDED", {P, 0, "the pool was ended"}},
  {"MAX_PARAMETERS_EXCEEDED", {P, 0, "there are too many parameters"}},
  {"UNSAFE_TRANSACTION", {P, 0, "BEGIN needs a connection of its own"}},
  {"UNDEFINED_VALUE", {P, 0, "a parameter is undefined"}},
  {"NOT_TAGGED_CALL", {P, 0, "the query was not called as a tag"}},
  {"SASL_SIGNATURE_MISMATCH", {P, REFUSED, "the server is an impostor"}},
  {"AUTH_TYPE_NOT_IMPLEMENTED", {P, REFUSED, "authentication failed"}},
  {"MESSAGE_NOT_SUPPORTED", {P, 0, "the driver does not support this"}},
  {"COPY_IN_PROGRESS", {P, 0, "a COPY is running"}},
  {"ABORT_ERR", {P, 0, "the caller aborted it"}},
  {"SELF_SIGNED_CERT_IN_CHAIN",
   {P, REFUSED, "the server's certificate was refused"}},
  {"DEPTH_ZERO_SELF_SIGNED_CERT",
   {P, REFUSED, "the server's certificate was refused"}},
  {"HOSTNAME_MISMATCH",
   {P, REFUSED, "the server's certificate is for another host"}},
  {"INVALID_CA", {P, REFUSED, "the server's certificate was refused"}},
  {"INVALID_PURPOSE", {P, REFUSED, "the server's certificate was refused"}},
  {"PATH_LENGTH_EXCEEDED",
   {P, REFUSED, "the server's certificate was refused"}},
  /* Prisma */
  {"P1001", {A, RETRY | DISCARD,
             "the server was not reached, perhaps not any more"}},
  {"P1002", {N, CONNECT, "connecting took too long"}},
  {"P1008", {A, RETRY | DISCARD, "no answer in time"}},
  {"P1017", {A, RETRY | DISCARD, "the connection was lost"}},
  {"P1000", {P, REFUSED, "authentication failed"}},
  {"P1003", {P, REFUSED, "the database does not exist"}},
  {"P1010", {P, REFUSED, "the user lacks the privilege"}},
  {"P1011", {P, REFUSED, "TLS could not be established"}},
  {"P2024", {N, RETRY | SLOW, "no connection became free in time"}},
  {"P2034", {R, RETRY, "it conflicted with another transaction"}},
  {"P2037", {N, CONNECT | FULL, "the server has no connection left"}}
};

/* P2028 stands for several failures; the sentence tells them apart. */
static const struct sentence_row transaction_rows[] = {
  {"Unable to start a transaction in the given time",
   {N, RETRY | SLOW, "no transaction could begin in time"}},
  {"on an expired transaction",
   {R, RETRY, "the transaction took too long and was rolled back"}},
  {"that was rolled back",
   {R, RETRY, "the transaction had been rolled back"}},
  /*
   * Prisma 6 tries to roll back what it calls committed when COMMIT has failed.
   */
  {"A rollback cannot be executed on a committed transaction",
   {A, RETRY, "COMMIT failed, and Prisma does not tell how"}},
  {"on a committed transaction",
   {P, 0, "the transaction had been committed"}},
  {"Transaction not found",
   {R, RETRY | COMMIT, "the transaction is gone"}}
};
/* clang-format on */

static const struct hf_rule transaction_unknown = {
    A,
    0,
    "the transaction failed in a way that is not known"};
static const struct hf_rule lost = {A,
                                    RETRY | DISCARD,
                                    "the connection was lost"};
static const struct hf_rule not_made = {N,
                                        CONNECT,
                                        "no connection could be made"};
static const struct hf_rule certificate = {
    P,
    REFUSED,
    "the server's certificate was refused"};
static const struct hf_rule prisma_refuses = {
    P,
    0,
    "Prisma refuses it, and would again"};
static const struct hf_rule panicked = {
    A,
    0,
    "Prisma's engine crashed: start a new process"};
static const struct hf_rule aborted = {P, 0, "the caller aborted it"};
static const struct hf_rule validation = {P, 0, "the call is not valid"};

static const struct hf_rule *find(const struct row *table,
                                  size_t n,
                                  const char *code) {
  size_t i;

  for (i = 0; i < n; i++) {
    if (strcmp(table[i].code, code) == 0) {
      return &table[i].rule;
    }
  }
  return NULL;
}

static const struct hf_rule *judge_transaction(const char *message) {
  size_t i;

  for (i = 0; i < sizeof(transaction_rows) / sizeof(transaction_rows[0]); i++) {
    if (message != NULL && strstr(message, transaction_rows[i].part) != NULL) {
      return &transaction_rows[i].rule;
    }
  }
  return &transaction_unknown;
}

/* Socket errors at any time: the system call tells when. */
static const struct hf_rule *judge_socket(const struct hf_evidence *evidence) {
  static const char *const broken[] = {"ECONNRESET",
                                       "EPIPE",
                                       "ETIMEDOUT",
                                       "ECONNABORTED",
                                       "ERR_STREAM_DESTROYED"};
  size_t i;

  for (i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
    if (strcmp(evidence->code, broken[i]) == 0) {
      if (evidence->message != NULL &&
          hf_classify_begins(evidence->message, "Client network socket")) {
        return &not_made; /* Node, during the TLS handshake */
      }
      return evidence->syscall != NULL &&
                     strcmp(evidence->syscall, "connect") == 0
                 ? &not_made
                 : &lost;
    }
  }
  return NULL;
}

/* Node names OpenSSL's errors about certificates by these patterns. */
static bool is_certificate_code(const char *code) {
  return hf_classify_begins(code, "CERT_") ||
         hf_classify_begins(code, "ERR_TLS_") ||
         hf_classify_begins(code, "ERR_SSL_") ||
         hf_classify_begins(code, "UNABLE_TO_") ||
         hf_classify_begins(code, "CRL_") ||
         hf_classify_begins(code, "ERROR_IN_CERT_") ||
         hf_classify_begins(code, "ERROR_IN_CRL_");
}

static bool is_prisma_code(const char *code) {
  return strlen(code) == PRISMA_CODE_LENGTH && code[0] == 'P' &&
         code[1] >= '1' && code[1] <= '9' &&
         strspn(code + 1, "0123456789") == PRISMA_CODE_LENGTH - 1;
}

static const struct hf_rule *judge_prisma(const struct hf_evidence *evidence) {
  /* These wrap another error, whose text is judged as a message. */
  static const char *const wrappers[] = {"P2010", "P2036", "P2039"};
  size_t i;

  for (i = 0; i < sizeof(wrappers) / sizeof(wrappers[0]); i++) {
    if (strcmp(evidence->code, wrappers[i]) == 0) {
      return NULL;
    }
  }
  if (strcmp(evidence->code, "P2028") == 0 ||
      strcmp(evidence->code, "P1018") == 0) {
    return judge_transaction(evidence->message);
  }
  return &prisma_refuses;
}

static const struct hf_rule *judge_code(const struct hf_evidence *evidence) {
  const char *code = evidence->code;
  const struct hf_rule *rule =
      find(codes, sizeof(codes) / sizeof(codes[0]), code);

  if (rule == NULL) {
    rule = judge_socket(evidence);
  }
  if (rule == NULL && code[0] == 'E' && evidence->syscall != NULL &&
      strcmp(evidence->syscall, "connect") == 0) {
    rule = &not_made; /* ENOENT and EAGAIN of Unix sockets, and similar */
  }
  if (rule == NULL && is_certificate_code(code)) {
    rule = &certificate;
  }
  if (rule == NULL && is_prisma_code(code)) {
    rule = judge_prisma(evidence);
  }
  return rule;
}

const struct hf_rule *hf_classify_code(const struct hf_evidence *evidence) {
  const struct hf_rule *rule = NULL;

  if (evidence->name != NULL &&
      strcmp(evidence->name, "PrismaClientRustPanicError") == 0) {
    return &panicked;
  }
  if (evidence->kind != NULL) {
    rule = find(kinds, sizeof(kinds) / sizeof(kinds[0]), evidence->kind);
  }
  if (rule == NULL && evidence->code != NULL) {
    rule = judge_code(evidence);
  }
  if (rule == NULL && evidence->name != NULL) {
    if (strcmp(evidence->name, "AbortError") == 0) {
      return &aborted;
    }
    if (strcmp(evidence->name, "PrismaClientValidationError") == 0) {
      return &validation;
    }
  }
  return rule;
}
