/* SPDX-License-Identifier: MIT */
/*
 * What can be told from a statement's text alone. Lexical, linear in the
 * text's length, and conservative: where in doubt a statement writes, commits
 * midway and changes the session's state.
 *
 * Ownership: texts are borrowed for the call.
 * Threads: any.
 */
#ifndef HF_CORE_SQL_SCAN_H
#define HF_CORE_SQL_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the first statement is. */
enum hf_sql_kind {
  HF_SQL_EMPTY,
  HF_SQL_SELECT, /* also VALUES, TABLE, and WITH without a writing word */
  HF_SQL_INSERT,
  HF_SQL_UPDATE,
  HF_SQL_DELETE,
  HF_SQL_BEGIN,  /* also START TRANSACTION */
  HF_SQL_COMMIT, /* also END */
  HF_SQL_COMMIT_AND_CHAIN,
  HF_SQL_PREPARE_TRANSACTION,
  HF_SQL_ROLLBACK, /* also ABORT */
  HF_SQL_ROLLBACK_AND_CHAIN,
  HF_SQL_ROLLBACK_TO,
  HF_SQL_SAVEPOINT,
  HF_SQL_RELEASE_SAVEPOINT,
  HF_SQL_SET,
  HF_SQL_SET_LOCAL, /* also SET TRANSACTION, SET CONSTRAINTS */
  HF_SQL_LISTEN,    /* also UNLISTEN */
  HF_SQL_COPY,
  HF_SQL_CALL,
  HF_SQL_DO,
  HF_SQL_OTHER
};

struct hf_sql_info {
  enum hf_sql_kind kind;
  bool multiple;            /* more than one statement that is not empty */
  bool read_only;           /* certainly writes nothing, bar shadowed names */
  bool read_if_standard;    /* the same, if backslashes escape nothing */
  bool may_commit_midway;   /* an error does not prove that nothing is kept */
  bool refuses_transaction; /* VACUUM, ... CONCURRENTLY, CREATE DATABASE */
  bool copy;                /* one of the statements is COPY */
  bool needs_session;       /* of these, what depends on settings */
  bool session_state;       /* leaves something behind in the session */
  bool ends_transaction;    /* a COMMIT or ROLLBACK, in any statement */
  bool rolls_back;          /* a ROLLBACK anywhere, to a savepoint or not */
  bool commits;             /* a COMMIT or PREPARE TRANSACTION anywhere */
  bool adds_value;          /* ALTER TYPE ... ADD VALUE */
  size_t n_statements;      /* that are not empty */
};

/* Describes a text. Never fails; a malformed text is HF_SQL_OTHER's lot. */
void hf_sql_scan(const char *text, size_t bytes, struct hf_sql_info *out);

struct hf_sql_lexer;

/*
 * Describes the next statement of a text, up to a semicolon or the end, as
 * PostgreSQL splits it. Returns false once the text is used up; the last
 * description may then be of a statement, or of nothing.
 */
bool hf_sql_next(struct hf_sql_lexer *lexer, struct hf_sql_info *out);

#endif
