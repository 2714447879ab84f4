/* SPDX-License-Identifier: MIT */
/*
 * Describes a statement by its text alone. Lexical, linear in the length of the
 * text, and conservative: in doubt a statement writes, may commit midway and
 * changes the state of the session.
 *
 * Ownership: texts are borrowed for the call.
 * Threads: any; pure.
 */
#ifndef HF_CORE_SQL_SCAN_H
#define HF_CORE_SQL_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/sql/kind.h"

struct hf_sql_info {
  enum hf_sql_kind kind;   /* of the first statement */
  enum hf_sql_copy copies; /* the same */
  bool multiple;           /* more than one non-empty statement */
  bool read_only; /* certainly writes nothing, unless names are shadowed */
  bool read_if_standard;    /* the same if standard_conforming_strings is on */
  bool may_commit_midway;   /* after an error a part may be committed */
  bool refuses_transaction; /* VACUUM, ... CONCURRENTLY, CREATE DATABASE */
  bool copy;                /* one of the statements is COPY */
  bool needs_session;       /* of these, those that depend on settings */
  bool session_state;       /* leaves something in the session */
  bool ends_transaction;    /* has a COMMIT or ROLLBACK */
  bool rolls_back;          /* has a ROLLBACK, to a savepoint or not */
  bool commits;             /* has a COMMIT or PREPARE TRANSACTION */
  bool adds_value;          /* ALTER TYPE ... ADD VALUE */
  size_t n_statements;      /* non-empty ones */
};

/* Describes a text. Never fails; a malformed text is HF_SQL_OTHER. */
void hf_sql_scan(const char *text, size_t bytes, struct hf_sql_info *out);

/*
 * Adds to the description of a statement that of another, which runs in the
 * same transaction after it.
 */
void hf_sql_join(struct hf_sql_info *all, const struct hf_sql_info *next);

struct hf_sql_lexer;

/*
 * Describes the next statement of a text, up to a semicolon or the end, split
 * as PostgreSQL does. Returns false at the end of the text; the last
 * description may be of an empty statement.
 */
bool hf_sql_next(struct hf_sql_lexer *lexer, struct hf_sql_info *out);

#endif
