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

#include "net/conn/statement.h"
#include "net/wire/values.h"

struct hf_batch_item {
  struct hf_statement *statement;
  struct hf_values values;
};

struct hf_batch {
  char *begin;  /* what begins a transaction that stays open; NULL = nothing */
  bool commits; /* one of them may commit by itself: CALL, DO */
  int32_t n;    /* statements after the first */
  struct hf_batch_item items[];
};

/* Frees a batch. Accepts NULL. */
void hf_batch_free(struct hf_batch *batch);

#endif
