/* SPDX-License-Identifier: MIT */
/*
 * A pool's settings, in every form in which they reach a server: as start-up
 * options of a session of our own, as set_config() for the length of one
 * transaction, and as the questions that prove that they arrived.
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

/* The column by which our own rows among the user's are known. */
#define HF_SETTINGS_COLUMN "holdfast settings"

struct hf_session_sql {
  int32_t count;    /* of settings; with none the next four are NULL */
  char *start;      /* "-c name=value ..." for the start-up packet */
  char *unit;       /* one SELECT, for the length of a transaction */
  char *session;    /* the same for the length of the session */
  char *plain;      /* SET statements, where there is no set_config() */
  char *check;      /* is the session as `start` asks? 't' or 'f' for each */
  char *prove;      /* sets as `unit` does, showing before and after */
  char *shown;      /* and whether the next statement of the flight sees it */
  char *on_connect; /* the user's; NULL = none */
};

/* Builds the texts from "set." and "sql." fields. On failure call _finish. */
HF_NODISCARD enum hf_status hf_session_sql_build(struct hf_session_sql *sql,
                                                 const struct hf_config *config,
                                                 const char *const *fields,
                                                 int32_t n_fields);

/* Frees the texts. Accepts zeroed memory. */
void hf_session_sql_finish(struct hf_session_sql *sql);

/*
 * Returns a text of several statements with the settings in it: at its
 * beginning unless a transaction is open, and behind each end of one that is
 * not the end of the text. The caller frees it; NULL when out of memory.
 */
char *hf_session_sql_insert(const struct hf_session_sql *sql,
                            const char *text,
                            size_t bytes,
                            bool in_transaction);

/* Returns where in the user's text a character of the woven one is; from 1. */
int32_t hf_session_sql_original_position(const struct hf_session_sql *sql,
                                         const char *text,
                                         size_t bytes,
                                         bool in_transaction,
                                         int32_t position);

#endif
