/* SPDX-License-Identifier: MIT */
/*
 * The row descriptions one port knows: the names and types of a result's
 * columns are sent to JavaScript once, and go by a number (2 and up) then.
 *
 * A table has a maximum size. When it is full it drops all descriptions, and
 * so does JavaScript; numbers are never used twice.
 *
 * Ownership: the table is the caller's memory; messages that it makes are the
 * caller's.
 * Threads: one at a time.
 */
#ifndef HF_NET_WIRE_ROW_DESCRIPTION_H
#define HF_NET_WIRE_ROW_DESCRIPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libpq-fe.h>

#include "core/base/hash_table.h"
#include "holdfast.h"

enum { HF_ROW_DESCRIPTIONS_MAX = 1024 };

struct hf_row_description;

struct hf_row_descriptions {
  struct hf_table by_columns;
  struct hf_row_description *by_id[HF_ROW_DESCRIPTIONS_MAX];
  int32_t count;
  int32_t base; /* how many numbers were given out before all were forgotten */
  struct hf_row_description *retired; /* forgotten, of results not sent yet */
};

/* Makes an empty table. Never fails. */
void hf_row_descriptions_init(struct hf_row_descriptions *table,
                              const struct hf_hash_key *key);

/*
 * Finds or makes the description of a result under a decode mask. `*id` holds a
 * guess, the number that the same statement's result had last, or 0; on return
 * it is the number, 0 when the result has no columns. `*definition` is NULL, or
 * messages that must reach the port before any result with that number.
 * Returns HF_OK or HF_NO_MEMORY (the table is as before).
 */
HF_NODISCARD enum hf_status hf_row_descriptions_find(
    struct hf_row_descriptions *table,
    const PGresult *result,
    int32_t decode,
    int32_t *id,
    struct hf_message **definition);

/*
 * Keeps a description, also when the table drops all, for a result that is
 * sent at the end of its call. 0 is ignored. Each hold is undone by a release.
 */
void hf_row_descriptions_hold(struct hf_row_descriptions *table, int32_t id);
void hf_row_descriptions_release(struct hf_row_descriptions *table, int32_t id);

/*
 * Gives a held result a new number if the table has forgotten its own since;
 * the hold moves along. `*definition` as in hf_row_descriptions_find. Returns
 * HF_OK or HF_NO_MEMORY (`*id` is as before).
 */
HF_NODISCARD enum hf_status hf_row_descriptions_renew(
    struct hf_row_descriptions *table,
    int32_t *id,
    struct hf_message **definition);

/* Returns whether the port knows the number; it always knows 0. */
bool hf_row_descriptions_knows(const struct hf_row_descriptions *table,
                               int32_t id);

/* Frees all descriptions; the table is empty then. */
void hf_row_descriptions_finish(struct hf_row_descriptions *table);

#endif
