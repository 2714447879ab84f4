/* SPDX-License-Identifier: MIT */
/*
 * A description is found by the number that the caller guesses, which is
 * nearly always right, else by a hash over its columns.
 *
 * Ownership: the table owns its descriptions. Threads: one at a time.
 */
#include "net/wire/row_description.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include "core/base/list.h"
#include "net/wire/described_columns.h"
#include "net/wire/message.h"

enum { FIRST_ID = 2, RESTART_ID = 1 };

static uint64_t hash_columns(const struct hf_row_descriptions *table,
                             const PGresult *result,
                             int32_t decode) {
  int columns = PQnfields(result);
  uint64_t hash = (uint64_t)columns;
  int column;
  for (column = 0; column < columns; column++) {
    struct {
      uint64_t before, name;
      int32_t numbers[HF_ROW_DESCRIPTION_STRIDE];
    } part;
    const char *name = PQfname(result, column);
    memset(&part, 0, sizeof part);
    part.before = hash;
    part.name = hf_table_hash(&table->by_columns, name, strlen(name));
    hf_described_column(result, column, decode, part.numbers);
    hash = hf_table_hash(&table->by_columns, &part, sizeof part);
  }
  return hash;
}

static struct hf_row_description *of_node(struct hf_table_node *node) {
  return HF_CONTAINER_OF(node, struct hf_row_description, node);
}

static struct hf_row_description *find(const struct hf_row_descriptions *table,
                                       const PGresult *result,
                                       int32_t decode,
                                       uint64_t hash) {
  struct hf_table_node *node = hf_table_first(&table->by_columns, hash);
  while (node != NULL &&
         !hf_description_matches(of_node(node), result, decode)) {
    node = hf_table_next(node);
  }
  return node == NULL ? NULL : of_node(node);
}

/* Makes the message that has JavaScript drop all descriptions. */
static struct hf_message *new_restart(void) {
  struct hf_message_head head = {.kind = HF_MSG_ROW_DESCRIPTION,
                                 .n_ints = HF_ROW_DESCRIPTION_INTS};
  struct hf_message *message = hf_message_new(&head);
  if (message != NULL) {
    message->ints[HF_ROW_DESCRIPTION_ID] = RESTART_ID;
  }
  return message;
}

/* Removes all; those of results that are not sent yet are kept as retired. */
static void retire_all(struct hf_row_descriptions *table) {
  int32_t i;
  for (i = 0; i < table->count; i++) {
    struct hf_row_description *description = table->by_id[i];
    hf_table_remove(&table->by_columns, &description->node);
    if (description->held == 0) {
      hf_description_free(description);
    } else {
      description->next = table->retired;
      table->retired = description;
    }
  }
  /* A number is never used again: results with it may still be on their way. */
  table->base += table->count;
  table->count = 0;
}

/* Adds a description and makes its message; changes nothing on failure. */
static enum hf_status add(struct hf_row_descriptions *table,
                          struct hf_row_description *description,
                          struct hf_message **definition) {
  bool full = table->count == HF_ROW_DESCRIPTIONS_MAX;
  int32_t id = FIRST_ID + table->base + table->count;
  struct hf_message *message = hf_description_message(description, id);
  if (message != NULL && full) {
    struct hf_message *first = new_restart();
    if (first == NULL) {
      hf_message_free(message);
      return HF_NO_MEMORY;
    }
    first->next = message;
    message = first;
    retire_all(table);
  }
  /* A table that was full has an array: adding to it does not fail. */
  if (message == NULL ||
      hf_table_add(&table->by_columns, &description->node) != HF_OK) {
    hf_message_free(message);
    return HF_NO_MEMORY;
  }
  description->id = id;
  table->by_id[table->count++] = description;
  *definition = message;
  return HF_OK;
}

void hf_row_descriptions_init(struct hf_row_descriptions *table,
                              const struct hf_hash_key *key) {
  memset(table, 0, sizeof *table);
  hf_table_init(&table->by_columns, key);
}

enum hf_status hf_row_descriptions_find(struct hf_row_descriptions *table,
                                        const PGresult *result,
                                        int32_t decode,
                                        int32_t *id,
                                        struct hf_message **definition) {
  int32_t guess = *id - FIRST_ID - table->base;
  struct hf_row_description *description;
  uint64_t hash;

  *definition = NULL;
  *id = 0;
  if (PQnfields(result) == 0) {
    return HF_OK;
  }
  if (guess >= 0 && guess < table->count &&
      hf_description_matches(table->by_id[guess], result, decode)) {
    *id = table->by_id[guess]->id;
    return HF_OK;
  }
  hash = hash_columns(table, result, decode);
  description = find(table, result, decode, hash);
  if (description == NULL) {
    description = hf_description_new(result, decode, hash);
    if (description == NULL) {
      return HF_NO_MEMORY;
    }
    if (add(table, description, definition) != HF_OK) {
      hf_description_free(description);
      return HF_NO_MEMORY;
    }
  }
  *id = description->id;
  return HF_OK;
}

/* Returns the link to a retired description, or the last link of their list. */
static struct hf_row_description **find_retired(
    struct hf_row_descriptions *table,
    int32_t id) {
  struct hf_row_description **link = &table->retired;
  while (*link != NULL && (*link)->id != id) {
    link = &(*link)->next;
  }
  return link;
}

static struct hf_row_description *find_current(
    const struct hf_row_descriptions *table,
    int32_t id) {
  int32_t index = id - FIRST_ID - table->base;
  return index >= 0 && index < table->count ? table->by_id[index] : NULL;
}

bool hf_row_descriptions_knows(const struct hf_row_descriptions *table,
                               int32_t id) {
  return id == 0 || find_current(table, id) != NULL;
}

void hf_row_descriptions_hold(struct hf_row_descriptions *table, int32_t id) {
  struct hf_row_description *description = find_current(table, id);
  if (description != NULL) {
    description->held++;
  }
}

void hf_row_descriptions_release(struct hf_row_descriptions *table,
                                 int32_t id) {
  struct hf_row_description *description = find_current(table, id);
  struct hf_row_description **link;
  if (description != NULL) {
    description->held--;
    return;
  }
  link = find_retired(table, id);
  description = *link;
  if (description != NULL && --description->held == 0) {
    *link = description->next;
    hf_description_free(description);
  }
}

/* Returns the description that replaces a retired one, or NULL. */
static struct hf_row_description *find_same(
    const struct hf_row_descriptions *table,
    const struct hf_row_description *retired) {
  struct hf_table_node *node =
      hf_table_first(&table->by_columns, retired->node.hash);
  while (node != NULL && !hf_description_is_same(of_node(node), retired)) {
    node = hf_table_next(node);
  }
  return node == NULL ? NULL : of_node(node);
}

enum hf_status hf_row_descriptions_renew(struct hf_row_descriptions *table,
                                         int32_t *id,
                                         struct hf_message **definition) {
  const struct hf_row_description *retired;
  struct hf_row_description *description;
  *definition = NULL;
  if (hf_row_descriptions_knows(table, *id)) {
    return HF_OK;
  }
  retired = *find_retired(table, *id);
  assert(retired != NULL); /* it is held */
  description = find_same(table, retired);
  if (description == NULL) {
    description = hf_description_copy(retired);
    if (description == NULL) {
      return HF_NO_MEMORY;
    }
    if (add(table, description, definition) != HF_OK) {
      hf_description_free(description);
      return HF_NO_MEMORY;
    }
  }
  description->held++;
  hf_row_descriptions_release(table, *id);
  *id = description->id;
  return HF_OK;
}

void hf_row_descriptions_finish(struct hf_row_descriptions *table) {
  int32_t i;
  for (i = 0; i < table->count; i++) {
    hf_description_free(table->by_id[i]);
  }
  while (table->retired != NULL) {
    struct hf_row_description *description = table->retired;
    table->retired = description->next;
    hf_description_free(description);
  }
  hf_table_finish(&table->by_columns);
  table->count = 0;
}
