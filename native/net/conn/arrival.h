/* SPDX-License-Identifier: MIT */
/*
 * The proof that settings reach a statement. Poolers drop start-up options, or
 * break what leaves in one flight into several transactions, without a word:
 * so a new connection is asked what came of them.
 *
 * Ownership: part of a connection; _finish frees what was read.
 * Threads: the engine's thread only.
 */
#ifndef HF_NET_CONN_ARRIVAL_H
#define HF_NET_CONN_ARRIVAL_H

#include <stdbool.h>

#include <libpq-fe.h>

#include "core/base/error.h"

struct hf_arrival {
  bool whole;            /* one flight is one transaction */
  bool started;          /* the session is as the settings ask, unset */
  struct hf_error error; /* why it could not be asked, or HF_OK */
  PGresult *first;       /* of the flight: what was, then what was set */
};

/* Forgets what was found. */
void hf_arrival_begin(struct hf_arrival *arrival);

void hf_arrival_finish(struct hf_arrival *arrival);

/* Takes the answer to hf_session_sql.check. Borrows the result. */
void hf_arrival_check(struct hf_arrival *arrival, const PGresult *result);

/* Takes the answers to .prove and .shown, in this order. */
void hf_arrival_compare(struct hf_arrival *arrival, const PGresult *result);

/* Returns whether the server lacks set_config() or refuses it to everybody. */
bool hf_arrival_lacks_function(const struct hf_arrival *arrival);

#endif
