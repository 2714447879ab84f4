/* SPDX-License-Identifier: MIT */
/* The table of statements of a pool. */
#include "statement.h"

#include <stdio.h>
#include <string.h>

#include "core/alloc.h"

static struct hf_list *bucket_of(struct hf_statements *statements,
                                 uint64_t hash) {
  size_t n = sizeof statements->buckets / sizeof statements->buckets[0];
  return &statements->buckets[hash % n];
}

void hf_statements_init(struct hf_statements *statements, uint32_t salt) {
  size_t n = sizeof statements->buckets / sizeof statements->buckets[0];
  size_t i;
  for (i = 0; i < n; i++) {
    hf_list_init(&statements->buckets[i]);
  }
  hf_list_init(&statements->by_use);
  statements->salt = salt;
}

static void forget(struct hf_statements *statements,
                   struct hf_statement *statement) {
  hf_list_remove(bucket_of(statements, statement->hash), &statement->by_hash);
  hf_list_remove(&statements->by_use, &statement->by_use);
  statement->forgotten = true;
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
    forget(statements, statement);
  }
}

static struct hf_statement *find(struct hf_statements *statements,
                                 uint64_t hash,
                                 const char *text,
                                 size_t bytes) {
  struct hf_list *bucket = bucket_of(statements, hash);
  struct hf_link *link;
  HF_LIST_EACH(link, bucket) {
    struct hf_statement *statement =
        HF_CONTAINER_OF(link, struct hf_statement, by_hash);
    if (statement->hash == hash && statement->bytes == bytes &&
        memcmp(statement->text, text, bytes) == 0) {
      return statement;
    }
  }
  return NULL;
}

static void set_name(struct hf_statement *statement) {
  (void)snprintf(statement->name,
                 sizeof statement->name,
                 "hf%08x%016llx",
                 (unsigned)statement->table->salt,
                 (unsigned long long)statement->key);
}

void hf_statement_rename(struct hf_statement *statement) {
  if (!statement->forgotten) {
    statement->key++;
    set_name(statement);
  }
}

static struct hf_statement *add(struct hf_statements *statements,
                                uint64_t hash,
                                const char *text,
                                size_t bytes) {
  struct hf_statement *statement = hf_alloc(sizeof *statement + bytes + 1);
  if (statement == NULL) {
    return NULL;
  }
  memset(statement, 0, sizeof *statement);
  statement->hash = hash;
  statement->bytes = bytes;
  memcpy(statement->text, text, bytes);
  statement->text[bytes] = '\0';
  hf_sql_scan(statement->text, bytes, &statement->sql);
  statement->table = statements;
  /* 0 means a free place in names.c. */
  statement->key = hash == 0 ? 1 : hash;
  set_name(statement);
  hf_list_push(bucket_of(statements, hash), &statement->by_hash);
  hf_list_push(&statements->by_use, &statement->by_use);
  if (statements->by_use.count > HF_STATEMENTS_MAX) {
    forget(statements, oldest(statements));
  }
  return statement;
}

struct hf_statement *hf_statements_use(struct hf_statements *statements,
                                       const char *text,
                                       size_t bytes) {
  uint64_t hash = hf_sql_hash(text, bytes);
  struct hf_statement *statement = find(statements, hash, text, bytes);
  if (statement == NULL) {
    statement = add(statements, hash, text, bytes);
    if (statement == NULL) {
      return NULL;
    }
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
  if (statement->references == 0 && statement->forgotten) {
    hf_free(statement);
  }
}
