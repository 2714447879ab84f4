/* SPDX-License-Identifier: MIT */
/*
 * Kinds of statements.
 *
 * Ownership: none.
 * Threads: any; pure.
 */
#ifndef HF_CORE_SQL_KIND_H
#define HF_CORE_SQL_KIND_H

#include <stdbool.h>

enum hf_sql_kind {
  HF_SQL_EMPTY,
  HF_SQL_SELECT, /* also VALUES, TABLE, and WITH that only selects */
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

/* Which way the data of a COPY go between us and the server. */
enum hf_sql_copy {
  HF_SQL_COPY_NOT, /* it is none, or of a file or a program of the server */
  HF_SQL_COPY_IN,  /* FROM STDIN */
  HF_SQL_COPY_OUT  /* TO STDOUT */
};

/* Returns true for a statement that begins, ends or divides a transaction. */
bool hf_sql_controls_transaction(enum hf_sql_kind kind);

#endif
