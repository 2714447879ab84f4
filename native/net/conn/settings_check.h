/* SPDX-License-Identifier: MIT */
/*
 * The proof that settings reach a statement. Poolers drop start-up options, or
 * break what leaves in one flight into several transactions, without a word:
 * so a new connection is asked what came of them.
 *
 * Ownership: part of a connection; _finish frees what was read.
 * Threads: the engine's thread only.
 */
#ifndef HF_NET_CONN_SETTINGS_CHECK_H
#define HF_NET_CONN_SETTINGS_CHECK_H

#include <stdbool.h>

#include <libpq-fe.h>

#include "core/base/error.h"

struct hf_settings_check {
  bool in_unit;          /* one flight is one transaction */
  bool at_startup;       /* the session is as the settings ask, unset */
  struct hf_error error; /* why it could not be asked, or HF_OK */
  PGresult *first;       /* of the flight: what was, then what was set */
};

/* Forgets what was found. */
void hf_settings_check_begin(struct hf_settings_check *check);

void hf_settings_check_finish(struct hf_settings_check *check);

/* Takes the answer to hf_session_sql.check. Borrows the result. */
void hf_settings_check_read_startup(struct hf_settings_check *check,
                                    const PGresult *result);

/* Takes the answers to .prove and .shown, in this order. */
void hf_settings_check_read_unit(struct hf_settings_check *check,
                                 const PGresult *result);

/* Returns whether the server lacks set_config() or refuses it to everybody. */
bool hf_settings_check_lacks_function(const struct hf_settings_check *check);

#endif
