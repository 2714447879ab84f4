/* SPDX-License-Identifier: MIT */
/*
 * Errors by their sentence where a driver, an ORM or a log dropped the code: of
 * Node's sockets, drivers' pools, servers and poolers.
 */
#include <string.h>

#include "core/policy/classify_rules.h"
#include "core/policy/classify_text.h"

enum { BEGINNING = false, WHOLE = true };

struct row {
  const char *text;
  bool whole; /* only a full stop may follow */
  struct hf_rule rule;
};

/* clang-format off */
static const struct row rows[] = {
  /* node */
  {"getaddrinfo ENOTFOUND", BEGINNING,
   {N, CONNECT | ONCE, "the host name could not be resolved"}},
  {"getaddrinfo ", BEGINNING,
   {N, CONNECT, "the host name could not be resolved just now"}},
  {"connect E", BEGINNING, {N, CONNECT, "the server was not reached"}},
  {"read ECONN", BEGINNING, {A, RETRY | DISCARD, "the connection was lost"}},
  {"read ETIMEDOUT", BEGINNING, {A, RETRY | DISCARD, "the connection was lost"}},
  {"read EPIPE", BEGINNING, {A, RETRY | DISCARD, "the connection was lost"}},
  {"write ECONN", BEGINNING, {A, RETRY | DISCARD, "the connection was lost"}},
  {"write ETIMEDOUT", BEGINNING, {A, RETRY | DISCARD, "the connection was lost"}},
  {"write EPIPE", BEGINNING, {A, RETRY | DISCARD, "the connection was lost"}},
  {"socket hang up", BEGINNING, {A, RETRY | DISCARD, "the connection was lost"}},
  {"This socket has been ended by the other party", BEGINNING,
   {A, RETRY | DISCARD, "the connection was lost"}},
  {"certificate has expired", BEGINNING,
   {P, REFUSED, "the server's certificate was refused"}},
  {"self signed certificate", BEGINNING,
   {P, REFUSED, "the server's certificate was refused"}},
  {"self-signed certificate", BEGINNING,
   {P, REFUSED, "the server's certificate was refused"}},
  {"unable to verify the first certificate", BEGINNING,
   {P, REFUSED, "the server's certificate was refused"}},
  {"Hostname/IP does not match certificate", BEGINNING,
   {P, REFUSED, "the server's certificate is for another host"}},
  /* drivers and their pools */
  {"Connection timeout", WHOLE, {N, CONNECT, "connecting took too long"}},
  {"Connection timed out", WHOLE, {N, CONNECT, "connecting took too long"}},
  {"write CONNECT_TIMEOUT", BEGINNING,
   {N, CONNECT, "connecting took too long"}},
  {"write CONNECTION_ENDED", BEGINNING, {P, 0, "the pool was ended"}},
  {"write CONNECTION_", BEGINNING,
   {A, RETRY | DISCARD, "the connection was lost"}},
  {"Knex: Timeout acquiring a connection", BEGINNING,
   {N, RETRY | SLOW, "no connection became free in time"}},
  /* the server */
  {"remaining connection slots are reserved", BEGINNING,
   {N, CONNECT | FULL, "the server has no connection left"}},
  {"sorry, too many clients already", BEGINNING,
   {N, CONNECT | FULL, "the server has no connection left"}},
  {"too many connections for ", BEGINNING,
   {N, CONNECT | FULL, "the server has no connection left"}},
  {"the database system is ", BEGINNING,
   {N, CONNECT, "the server is starting up or shutting down"}},
  {"canceling authentication due to timeout", BEGINNING,
   {N, CONNECT, "connecting took too long"}},
  {"no pg_hba.conf entry for ", BEGINNING,
   {P, REFUSED, "the server refuses this user"}},
  {"terminating connection due to administrator command", BEGINNING,
   {R, RETRY | DISCARD | COMMIT,
    "an administrator ended the connection"}},
  {"terminating connection due to idle-in-transaction timeout", BEGINNING,
   {R, RETRY | DISCARD, "the transaction idled for too long"}},
  {"terminating connection because of crash", BEGINNING,
   {A, RETRY | DISCARD, "the server crashed"}},
  {"could not serialize access", BEGINNING,
   {R, RETRY, "it conflicted with another transaction"}},
  {"deadlock detected", BEGINNING,
   {R, RETRY, "it was chosen to end a deadlock"}},
  {"canceling statement due to ", BEGINNING,
   {R, 0, "the statement was cancelled"}},
  {"unnamed prepared statement does not exist", BEGINNING,
   {N, RENAME, "the prepared statement is not on this connection"}},
  {"cached plan must not change result type", BEGINNING,
   {N, RENAME, "the prepared statement's plan is out of date"}},
  /* Supavisor, RDS Proxy, PgCat, Neon */
  {"Max client connections reached", BEGINNING,
   {N, CONNECT | FULL, "the pooler has no client connection left"}},
  {"MaxClientsInSessionMode", BEGINNING,
   {N, CONNECT | FULL, "the pooler has no client connection left"}},
  {"max clients reached", BEGINNING,
   {N, CONNECT | FULL, "the pooler has no client connection left"}},
  {"Unable to check out ", BEGINNING,
   {N, RETRY | FULL, "the pooler had no server connection in time"}},
  {"unable to check out ", BEGINNING,
   {N, RETRY | FULL, "the pooler had no server connection in time"}},
  {"Timed-out waiting to acquire database connection", BEGINNING,
   {N, RETRY | FULL, "the pooler had no server connection in time"}},
  {"could not get connection from the pool", BEGINNING,
   {N, RETRY, "the pooler had no server connection in time"}},
  {"Couldn't connect to compute node", BEGINNING,
   {N, CONNECT, "the pooler cannot reach its server"}},
  {"Tenant or user not found", BEGINNING,
   {P, REFUSED, "the pooler does not know the user"}},
  {"connection to database closed", BEGINNING,
   {A, RETRY | DISCARD, "the pooler lost its server connection"}}
};

static const struct hf_rule misbound = {
    N,
    RENAME,
    "the prepared statement of that name is another one"};
static const struct hf_rule miscounted = {
    P,
    0,
    "the statement takes another number of values"};
/* clang-format on */

static bool fits(const struct row *row, const char *text) {
  const char *rest = text + strlen(row->text);

  if (!hf_classify_begins(text, row->text)) {
    return false;
  }
  return !row->whole || rest[strspn(rest, ".`\n ")] == '\0';
}

/*
 * The parameters of one statement met another: a different one had been
 * prepared under its name. If the statement is unnamed, the caller miscounted.
 */
const struct hf_rule *hf_classify_bind(const char *sentence) {
  if (!hf_classify_begins(sentence, "bind message supplies ")) {
    return NULL;
  }
  return strstr(sentence, "statement \"\"") != NULL ||
                 strstr(sentence, "statement \\\"\\\"") != NULL
             ? &miscounted
             : &misbound;
}

const struct hf_rule *hf_classify_driver(const char *sentence) {
  size_t i;

  for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    if (fits(&rows[i], sentence)) {
      return &rows[i].rule;
    }
  }
  return hf_classify_bind(sentence);
}
