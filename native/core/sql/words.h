/* SPDX-License-Identifier: MIT */
/*
 * Lists of SQL words and operators that are known to be harmless. Words are in
 * lower case.
 *
 * Threads: any; pure.
 */
#ifndef HF_CORE_SQL_WORDS_H
#define HF_CORE_SQL_WORDS_H

#include <stdbool.h>

/* Returns true for a built-in function that only reads. */
bool hf_sql_is_read_only_function(const char *word);

/* The same, where the name stands behind "pg_catalog.". */
bool hf_sql_is_read_only_qualified(const char *word);

/* Returns true for a keyword that does not call a function when "(" follows. */
bool hf_sql_is_paren_keyword(const char *word);

/* Returns true for a type that every server has. */
bool hf_sql_is_builtin_type(const char *word);

/* Returns true for a keyword after which an expression may begin. */
bool hf_sql_opens_expression(const char *word);

/* Returns true for one of these that cannot be the name of a type. */
bool hf_sql_is_reserved_opener(const char *word);

/* Returns true for one of PostgreSQL's own operators. */
bool hf_sql_is_known_operator(const char *symbol);

/* Returns true when the lists are sorted; for tests. */
bool hf_sql_words_sorted(void);

#endif
