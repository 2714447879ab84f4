/* SPDX-License-Identifier: MIT */
/*
 * The statements of a batch: one unit, and so one transaction, of which the
 * unit itself has the first. Steps PARSE and EXECUTE of the unit are repeated
 * for each of them.
 *
 * Ownership: a unit's, which frees it with hf_batch_free.
 * Threads: the engine's thread only.
 */
#ifndef HF_NET_CONN_BATCH_H
#define HF_NET_CONN_BATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "holdfast.h"
#include "net/conn/statement.h"
#include "net/wire/values.h"

struct hf_batch_item {
  struct hf_statement *statement;
  struct hf_values values;
};

struct hf_batch {
  char *begin;   /* what begins a transaction that stays open; NULL = nothing */
  char *known;   /* of a transaction's last query, the values of its last column
                    that are known, a line each; NULL = it is not looked at */
  bool is_known; /* the value that came is one of them */
  bool commits;  /* one of them may commit by itself: CALL, DO */
  int32_t n;     /* statements after the first */
  struct hf_batch_item items[];
};

/* Sets `known`; copies. HF_NO_MEMORY. */
HF_NODISCARD enum hf_status hf_batch_know(struct hf_batch *batch,
                                          const char *known);

/* Looks for a value among those that are known, and notes whether it is one. */
void hf_batch_look_up(struct hf_batch *batch, const char *value);

/* Frees a batch. Accepts NULL. */
void hf_batch_free(struct hf_batch *batch);

#endif
