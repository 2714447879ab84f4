/* SPDX-License-Identifier: MIT */
/*
 * A pool's settings as SQL: as start-up options of a session, as set_config()
 * for a transaction or a session, and as queries that check whether they are
 * in force.
 *
 * Ownership: the struct is the caller's memory, its texts its own.
 * Threads: set up on one thread, then read-only.
 */
#ifndef HF_NET_CONN_SESSION_SQL_H
#define HF_NET_CONN_SESSION_SQL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/policy/config.h"
#include "holdfast.h"

/* The name of the column that tells rows of settings from the user's. */
#define HF_SETTINGS_COLUMN "holdfast settings"

struct hf_session_sql {
  int32_t count;    /* of settings; if 0 the texts up to `check` are NULL */
  char *start;      /* "-c name=value ..." for the start-up packet */
  char *unit;       /* one SELECT that sets them for a transaction */
  char *session;    /* the same for a session */
  char *plain;      /* SET statements, for servers without set_config() */
  char *check;      /* one column each: 't' if it is as `start` sets it */
  char *prove;      /* values before and after setting them as `unit` does */
  char *shown;      /* values in the next statement of the unit */
  char *on_connect; /* the user's onConnect; NULL = none */
};

/*
 * Builds the texts from "set." and "sql." fields, name and value in turn.
 * Returns HF_OK or HF_NO_MEMORY; call hf_session_sql_finish then, too.
 */
HF_NODISCARD enum hf_status hf_session_sql_build(struct hf_session_sql *sql,
                                                 const struct hf_config *config,
                                                 const char *const *fields,
                                                 int32_t n_fields);

/* Frees the texts. Accepts zeroed memory. */
void hf_session_sql_finish(struct hf_session_sql *sql);

/*
 * Returns a text of several statements with settings inserted: at the beginning
 * unless a transaction is open, and after each end of a transaction within the
 * text. The caller frees it. NULL when out of memory.
 */
char *hf_session_sql_insert(const struct hf_session_sql *sql,
                            const char *text,
                            size_t bytes,
                            bool in_transaction);

/*
 * Returns the position in the original text of a character of the text that
 * hf_session_sql_insert has returned. Positions count characters from 1.
 */
int32_t hf_session_sql_original_position(const struct hf_session_sql *sql,
                                         const char *text,
                                         size_t bytes,
                                         bool in_transaction,
                                         int32_t position);

#endif
