/* SPDX-License-Identifier: MIT */
/*
 * One port's table of column lists: a list is described to JavaScript once and
 * then goes by a small number (2 and up).
 *
 * Ownership: the table is the caller's memory; definitions are handed over.
 * Threads:   one at a time.
 */
#ifndef HF_NET_WIRE_ROW_DESCRIPTION_H
#new_definition HF_NET_WIRE_ROW_DESCRIPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libpq-fe.h>

#include "core/base/siphash.h"
#include "holdfast.h"

enum { HF_ROW_DESCRIPTIONS_MAX = 1024, HF_ROW_DESCRIPTIONS_BUCKETS = 512 };

struct hf_row_description;

struct hf_row_descriptions {
  struct hf_hash_key key;
  struct hf_row_description *buckets[HF_ROW_DESCRIPTIONS_BUCKETS];
  struct hf_row_description *by_id[HF_ROW_DESCRIPTIONS_MAX];
  int32_t count;
  int32_t base; /* numbers given before the last "forget all" */
  struct hf_row_description
      *retired; /* forgotten, but results of them are still held */
};

/* Makes an empty table. Never fails. */
void hf_row_descriptions_init(struct hf_row_descriptions *table,
                              const struct hf_hash_key *key);

/*
 * Finds the number of a result's columns under a decode mask. `*id` may hold a
 * guess (the number the same statement had last time; 0 = none), which makes
 * it fast. On return `*id` is the number, 0 when the result has no columns.
 * `*definition` is NULL, or the messages that must reach the port before any
 * result of that shape. When the table is full it forgets all, and the
 * definition is preceded by the message that says so.
 * Returns HF_OK or HF_NO_MEMORY (the table is as before).
 */
HF_NODISCARD enum hf_status hf_row_descriptions_find(
    struct hf_row_descriptions *table,
    const PGresult *result,
    int32_t decode,
    int32_t *id,
    struct hf_message **definition);

/*
 * Counts a result of that shape (0: of none) that waits for the end of its
 * call, which may be long after it was made: a shape that the table forgets
 * meanwhile is kept for it. To be undone by hf_row_descriptions_release.
 */
void hf_row_descriptions_hold(struct hf_row_descriptions *table, int32_t id);
void hf_row_descriptions_release(struct hf_row_descriptions *table, int32_t id);

/*
 * Gives a held result a number that the port knows, when the table has
 * forgotten its own; the hold moves along. `*definition` as above.
 * Returns HF_OK or HF_NO_MEMORY (`*id` is as before).
 */
HF_NODISCARD enum hf_status hf_row_descriptions_renew(
    struct hf_row_descriptions *table,
    int32_t *id,
    struct hf_message **definition);

/*
 * Returns whether a number, or 0, is one that the port still has to know, and
 * not one from before the table last forgot all.
 */
bool hf_row_descriptions_knows(const struct hf_row_descriptions *table,
                               int32_t id);

/* Frees all; the table is empty after. */
void hf_row_descriptions_finish(struct hf_row_descriptions *table);

#endif
