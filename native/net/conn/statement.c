/* SPDX-License-Identifier: MIT */
#include "net/conn/statement.h"

#include <stdio.h>
#include <string.h>

#include "core/base/alloc.h"

enum { US_PER_SECOND = 1000000 };

void hf_statements_init(struct hf_statements *statements,
                        struct hf_statement_source *source) {
  memset(statements, 0, sizeof *statements);
  hf_table_init(&statements->by_text, &source->hash_key);
  hf_list_init(&statements->by_use);
  statements->source = source;
}

static void detach(struct hf_statements *statements,
                   struct hf_statement *statement) {
  hf_table_remove(&statements->by_text, &statement->node);
  hf_list_remove(&statements->by_use, &statement->by_use);
  statements->bytes -= statement->bytes;
  statement->detached = true;
  if (statement->references == 0) {
    hf_free(statement);
  }
}

static struct hf_statement *oldest(const struct hf_statements *statements) {
  struct hf_link *link = hf_list_first(&statements->by_use);
  return link == NULL ? NULL
                      : HF_CONTAINER_OF(link, struct hf_statement, by_use);
}

void hf_statements_finish(struct hf_statements *statements) {
  struct hf_statement *statement;
  while ((statement = oldest(statements)) != NULL) {
    detach(statements, statement);
  }
  hf_table_finish(&statements->by_text);
}

static struct hf_statement *find(struct hf_statements *statements,
                                 uint64_t hash,
                                 const char *text,
                                 size_t bytes) {
  struct hf_table_node *node = hf_table_first(&statements->by_text, hash);
  for (; node != NULL; node = hf_table_next(node)) {
    struct hf_statement *statement =
        HF_CONTAINER_OF(node, struct hf_statement, node);
    if (statement->bytes == bytes &&
        memcmp(statement->text, text, bytes) == 0) {
      return statement;
    }
  }
  return NULL;
}

void hf_statement_rename(struct hf_statement *statement, uint64_t now_us) {
  struct hf_statement_source *source;
  if (statement->detached) {
    return;
  }
  source = statement->table->source;
  statement->name_number = ++source->last_number;
  statement->named_us = now_us;
  statement->names_epoch = statement->table->names_epoch;
  (void)snprintf(statement->name,
                 sizeof statement->name,
                 "hf%016llx%llx",
                 (unsigned long long)source->salt,
                 (unsigned long long)statement->name_number);
}

void hf_statement_refresh(struct hf_statement *statement, uint64_t now_us) {
  static const uint64_t age_us =
      (uint64_t)HF_STATEMENT_NAME_SECONDS * US_PER_SECOND;
  if (!statement->detached &&
      (statement->name_number == 0 ||
       statement->names_epoch != statement->table->names_epoch ||
       now_us - statement->named_us >= age_us)) {
    hf_statement_rename(statement, now_us);
  }
}

/* Rises at once and falls slowly: what took long once may do so again. */
void hf_statement_note_duration(struct hf_statement *statement,
                                uint64_t ran_us) {
  uint64_t lower_us = statement->usual_us - statement->usual_us / 8;
  uint64_t noted_us = ran_us == 0 ? 1 : ran_us;
  statement->usual_us = noted_us > lower_us ? noted_us : lower_us;
}

void hf_statements_expire_names(struct hf_statements *statements) {
  statements->names_epoch++;
}

static struct hf_statement *make(struct hf_statements *statements,
                                 uint64_t hash,
                                 const char *text,
                                 size_t bytes) {
  struct hf_statement *statement = hf_alloc(sizeof *statement + bytes + 1);
  if (statement == NULL) {
    return NULL;
  }
  memset(statement, 0, sizeof *statement);
  statement->node.hash = hash;
  statement->id = ++statements->source->last_number;
  statement->bytes = bytes;
  memcpy(statement->text, text, bytes);
  statement->text[bytes] = '\0';
  hf_sql_scan(statement->text, bytes, &statement->sql);
  statement->table = statements;
  statement->detached = true;
  return statement;
}

/* Adds a new statement to the table; evicts others where necessary. */
static void keep(struct hf_statements *statements,
                 struct hf_statement *statement) {
  if (statement->bytes > HF_STATEMENT_KEPT_BYTES ||
      hf_table_add(&statements->by_text, &statement->node) != HF_OK) {
    return;
  }
  statement->detached = false;
  hf_list_push(&statements->by_use, &statement->by_use);
  statements->bytes += statement->bytes;
  while (statements->by_use.count > HF_STATEMENTS_MAX ||
         statements->bytes > HF_STATEMENTS_BYTES_MAX) {
    detach(statements, oldest(statements));
  }
}

struct hf_statement *hf_statements_use(struct hf_statements *statements,
                                       const char *text,
                                       size_t bytes) {
  /* A large text is never in the table. */
  bool large = bytes > HF_STATEMENT_KEPT_BYTES;
  uint64_t hash = large ? 0 : hf_table_hash(&statements->by_text, text, bytes);
  struct hf_statement *statement =
      large ? NULL : find(statements, hash, text, bytes);
  if (statement == NULL) {
    statement = make(statements, hash, text, bytes);
    if (statement == NULL) {
      return NULL;
    }
    keep(statements, statement);
  } else {
    hf_list_remove(&statements->by_use, &statement->by_use);
    hf_list_push(&statements->by_use, &statement->by_use);
  }
  statement->references++;
  statement->uses++;
  return statement;
}

void hf_statement_release(struct hf_statement *statement) {
  if (statement == NULL) {
    return;
  }
  statement->references--;
  if (statement->references == 0 && statement->detached) {
    hf_free(statement);
  }
}
