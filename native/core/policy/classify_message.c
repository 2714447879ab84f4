/* SPDX-License-Identifier: MIT */
/*
 * Errors by their sentence: of PgBouncer, libpq, pg and Prisma. Only the
 * beginning of a sentence is compared, because what follows may be the user's
 * text.
 */
#include <string.h>

#include "core/policy/classify_rules.h"
#include "core/policy/classify_text.h"

struct row {
  const char *prefix;
  const char *also; /* anywhere after the prefix, or NULL */
  struct hf_rule rule;
};

/* clang-format off */
static const struct row pooler_rows[] = {
  {"query_wait_timeout", NULL,
   {N, RETRY | DISCARD, "the pooler had no server connection in time"}},
  {"no more connections allowed", NULL,
   {N, CONNECT | FULL, "the pooler has no client connection left"}},
  /* not slow: the pooler paces its logins itself */
  {"server login has been failing", NULL,
   {N, CONNECT, "the pooler cannot log in to its server"}},
  {"client_login_timeout", NULL,
   {N, CONNECT, "the pooler could not log the client in in time"}},
  {"pgbouncer cannot connect to server", NULL,
   {N, CONNECT, "the pooler cannot reach its server"}},
  {"database \"", "\" is disabled",
   {N, CONNECT, "the pooler's administrator disabled the database"}},
  {"database removed", NULL,
   {N, CONNECT, "the pooler's administrator removed the database"}},
  {"pooler is shutting down", NULL,
   {N, CONNECT, "the pooler is shutting down"}},
  {"server shutting down", NULL,
   {N, CONNECT, "the pooler's server is shutting down"}},
  {"server conn crashed?", NULL,
   {A, RETRY | DISCARD, "the pooler lost its server connection"}},
  {"query timeout", NULL,
   {A, RETRY | DISCARD, "the pooler's query_timeout ran out"}},
  {"query_timeout", NULL,
   {A, RETRY | DISCARD, "the pooler's query_timeout ran out"}},
  {"transaction timeout", NULL,
   {A, RETRY | DISCARD, "the pooler's transaction time-out ran out"}},
  {"idle transaction timeout", NULL,
   {A, RETRY | DISCARD, "the transaction idled for too long for the pooler"}},
  {"server lifetime over", NULL,
   {A, RETRY | DISCARD, "the pooler ended its server connection"}},
  {"out of memory", NULL,
   {A, RETRY | DISCARD, "the pooler is out of memory"}},
  {"database \"", "\" does not exist",
   {P, REFUSED, "the pooler's server does not have the database"}},
  {"no such database", NULL,
   {P, REFUSED, "the pooler does not know the database"}},
  {"bouncer config error", NULL,
   {P, REFUSED, "the pooler is not configured for this"}},
  {"no such user", NULL, {P, REFUSED, "the pooler does not know the user"}},
  {"password authentication failed", NULL,
   {P, REFUSED, "the pooler refuses the password"}},
  {"SASL authentication failed", NULL,
   {P, REFUSED, "the pooler refuses the password"}},
  {"unsupported startup parameter", NULL,
   {P, REFUSED, "the pooler refuses a start-up parameter"}},
  {"SSL required", NULL, {P, REFUSED, "the pooler wants TLS"}},
  {"transaction blocks not allowed in statement pooling mode", NULL,
   {P, DISCARD, "the pooler is in statement mode, which has no transactions: "
                "set its pool_mode to transaction, or set DIRECT_URL"}},
  {"prepared statement did not exist", NULL,
   {P, DISCARD, "the pooler does not know the prepared statement"}}
};

static const struct row rows[] = {
  /* libpq, while connecting */
  {"could not translate host name", NULL,
   {N, CONNECT | ONCE, "the host name could not be resolved"}},
  {"connection to server ", "server does not support SSL",
   {P, REFUSED, "the server does not support TLS"}},
  {"connection to server ", "certificate",
   {P, REFUSED, "the server's certificate was refused"}},
  {"connection to server ", "fe_sendauth: no password supplied",
   {P, REFUSED, "the server wants a password"}},
  {"connection to server ", "channel binding required",
   {P, REFUSED, "the server cannot do channel binding"}},
  {"connection to server ", "malformed SCRAM message",
   {P, REFUSED, "the server broke the authentication protocol"}},
  {"connection to server ", "received unencrypted data after SSL",
   {P, REFUSED, "somebody tampered with the connection"}},
  {"connection to server ", "expected authentication request",
   {P, REFUSED, "this is not a PostgreSQL server"}},
  {"connection to server ", " failed: ",
   {N, CONNECT, "no connection could be made"}},
  {"could not create socket", NULL,
   {N, CONNECT, "no socket could be made"}},
  {"could not send startup packet", NULL,
   {N, CONNECT, "the connection broke while it was made"}},
  {"could not send SSL negotiation packet", NULL,
   {N, CONNECT, "the connection broke while it was made"}},
  {"timeout expired", NULL, {N, CONNECT, "connecting took too long"}},
  {"server does not support SSL", NULL,
   {P, REFUSED, "the server does not support TLS"}},
  {"SSL error: certificate verify failed", NULL,
   {P, REFUSED, "the server's certificate was refused"}},
  {"server certificate for ", NULL,
   {P, REFUSED, "the server's certificate is for another host"}},
  {"root certificate file ", NULL,
   {P, REFUSED, "the root certificate cannot be read"}},
  {"fe_sendauth: no password supplied", NULL,
   {P, REFUSED, "the server wants a password"}},
  {"channel binding required", NULL,
   {P, REFUSED, "the server cannot do channel binding"}},
  {"malformed SCRAM message", NULL,
   {P, REFUSED, "the server broke the authentication protocol"}},
  {"received unencrypted data after SSL", NULL,
   {P, REFUSED, "somebody tampered with the connection"}},
  {"expected authentication request", NULL,
   {P, REFUSED, "this is not a PostgreSQL server"}},
  /* libpq, before anything was sent */
  {"no connection to the server", NULL,
   {N, RETRY | DISCARD, "the connection was closed already"}},
  {"connection not open", NULL,
   {N, RETRY | DISCARD, "the connection was closed already"}},
  {"connection pointer is NULL", NULL,
   {N, RETRY | DISCARD, "there was no connection"}},
  {"another command is already in progress", NULL,
   {N, RETRY | DISCARD, "the connection was busy"}},
  /* libpq, later; a failing send is no proof that nothing arrived */
  {"server closed the connection unexpectedly", NULL,
   {A, RETRY | DISCARD, "the server closed the connection"}},
  {"SSL connection has been closed unexpectedly", NULL,
   {A, RETRY | DISCARD, "the server closed the connection"}},
  {"SSL SYSCALL error", NULL,
   {A, RETRY | DISCARD, "the connection was lost"}},
  {"could not receive data from server", NULL,
   {A, RETRY | DISCARD, "the connection was lost"}},
  {"could not send data to server", NULL,
   {A, RETRY | DISCARD, "the connection was lost while sending"}},
  {"lost synchronization with server", NULL,
   {A, DISCARD, "the server broke the protocol"}},
  {"unexpected response from server", NULL,
   {A, DISCARD, "the server broke the protocol"}},
  {"insufficient data in ", NULL,
   {A, DISCARD, "the server broke the protocol"}},
  {"cannot allocate memory for input buffer", NULL,
   {A, DISCARD, "a message of the server did not fit into memory"}},
  {"out of memory for query result", NULL,
   {A, DISCARD, "the result did not fit into memory"}},
  {"invalid socket", NULL,
   {A, RETRY | DISCARD, "the connection was lost"}},
  /* pg and pg-pool */
  {"timeout exceeded when trying to connect", NULL,
   {N, RETRY, "no connection became free in time"}},
  {"Connection terminated due to connection timeout", NULL,
   {N, CONNECT, "connecting took too long"}},
  {"Client has encountered a connection error and is not queryable", NULL,
   {N, RETRY | DISCARD, "the connection was lost before the statement"}},
  {"Client was closed and is not queryable", NULL,
   {N, RETRY | DISCARD, "the client was closed before the statement"}},
  {"Connection terminated", NULL,
   {A, RETRY | DISCARD, "the connection was lost"}},
  {"Query read timeout", NULL,
   {A, RETRY | DISCARD, "no answer in time; the server may still be at it"}},
  {"Cannot use a pool after calling end on the pool", NULL,
   {P, 0, "the pool was ended"}},
  {"Called end on pool more than once", NULL, {P, 0, "the pool was ended"}},
  {"Release called on client which has already been released", NULL,
   {P, 0, "the client was released already"}},
  {"The server does not support SSL connections", NULL,
   {P, REFUSED, "the server does not support TLS"}},
  {"SASL: ", NULL, {P, REFUSED, "authentication failed"}},
  {"Client network socket disconnected before secure TLS connection", NULL,
   {N, CONNECT, "the server closed the connection during the TLS handshake"}},
  /* Prisma */
  {"Can't reach database server", NULL,
   {A, RETRY | DISCARD, "the server was not reached, perhaps not any more"}},
  {"Server has closed the connection", NULL,
   {A, RETRY | DISCARD, "the server closed the connection"}},
  {"Timed out fetching a new connection from the connection pool", NULL,
   {N, RETRY | SLOW, "no connection became free in time"}},
  {"Transaction API error: Unable to start a transaction in the given time",
   NULL, {N, RETRY | SLOW, "no transaction could begin in time"}},
  {"Unable to start a transaction in the given time", NULL,
   {N, RETRY | SLOW, "no transaction could begin in time"}},
  {"Error opening a TLS connection", NULL,
   {P, REFUSED, "TLS could not be established"}},
  {"Too many database connections opened", NULL,
   {N, CONNECT | FULL, "the server has no connection left"}},
  {"Transaction failed due to a write conflict or a deadlock", NULL,
   {R, RETRY, "it conflicted with another transaction"}},
  {"Engine is not yet connected", NULL,
   {N, RETRY, "Prisma's engine was not connected yet"}},
  {"Response from the Engine was empty", NULL,
   {A, RETRY, "Prisma's engine was gone"}},
  {"kind: Closed", NULL, {A, RETRY | DISCARD, "the connection was lost"}},
  {"Error { kind: Closed", NULL,
   {A, RETRY | DISCARD, "the connection was lost"}},
  {"Error { kind: Io", NULL, {A, RETRY | DISCARD, "the connection was lost"}},
  {"unexpected EOF", NULL, {A, RETRY | DISCARD, "the connection was lost"}},
  {"Connection reset", NULL, {A, RETRY | DISCARD, "the connection was lost"}},
  {"prepared statement \"", "\" already exists",
   {N, RENAME, "the prepared statement's name is taken"}},
  {"prepared statement \"", "\" does not exist",
   {N, RENAME, "the prepared statement is not on this connection"}}
};
/* clang-format on */

static const struct hf_rule *find(const struct row *table,
                                  size_t n,
                                  const char *text) {
  size_t i;

  for (i = 0; i < n; i++) {
    if (hf_classify_begins(text, table[i].prefix) &&
        (table[i].also == NULL ||
         strstr(text + strlen(table[i].prefix), table[i].also) != NULL)) {
      return &table[i].rule;
    }
  }
  return NULL;
}

const struct hf_rule *hf_classify_pooler(const char *message) {
  return message == NULL ? NULL
                         : find(pooler_rows,
                                sizeof(pooler_rows) / sizeof(pooler_rows[0]),
                                message);
}

const struct hf_rule *hf_classify_message(const struct hf_evidence *evidence) {
  const char *sentences[HF_SENTENCES_MAX];
  size_t n = hf_classify_sentences(evidence->message, sentences);
  size_t i;

  for (i = 0; i < n; i++) {
    const struct hf_rule *rule =
        find(rows, sizeof(rows) / sizeof(rows[0]), sentences[i]);

    if (rule == NULL) {
      rule = hf_classify_driver(sentences[i]);
    }
    if (rule == NULL) {
      rule = hf_classify_pooler(sentences[i]);
    }
    if (rule != NULL) {
      return rule;
    }
  }
  return NULL;
}
