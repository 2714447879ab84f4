/* SPDX-License-Identifier: MIT */
/*
 * Checks that settings reach statements on a new connection. Poolers drop
 * start-up options silently, and may run the commands of one unit as several
 * transactions.
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
  bool in_unit;          /* settings in a unit reach its statement */
  bool at_startup;       /* the session has them since its start */
  struct hf_error error; /* why the check failed, or HF_OK */
  PGresult *first; /* row of the unit: values before and after they are set */
};

/* Begins a check. */
void hf_settings_check_begin(struct hf_settings_check *check);

void hf_settings_check_finish(struct hf_settings_check *check);

/* Reads the answer to hf_session_sql.check. */
void hf_settings_check_read_startup(struct hf_settings_check *check,
                                    const PGresult *result);

/* Reads the answers to hf_session_sql.prove and .shown, in this order. */
void hf_settings_check_read_unit(struct hf_settings_check *check,
                                 const PGresult *result);

/* Returns whether the server lacks set_config() or refuses it to everybody. */
bool hf_settings_check_lacks_function(const struct hf_settings_check *check);

#endif
