/* SPDX-License-Identifier: MIT */
/*
 * A text of SQL that grows, for statements that are put together here.
 *
 * Ownership: the struct is the caller's memory; `data` is to be freed by
 * hf_free.
 * Threads: whichever has the struct.
 */
#ifndef HF_NET_CONN_SQL_TEXT_H
#define HF_NET_CONN_SQL_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zeroed = empty. */
struct hf_sql_text {
  char *data; /* ends with a NUL; NULL while nothing was added */
  size_t bytes;
  bool failed; /* memory ran out; stays true */
};

/* Adds some bytes, or a whole string. */
void hf_sql_text_add_bytes(struct hf_sql_text *text,
                           const char *more,
                           size_t bytes);
void hf_sql_text_add(struct hf_sql_text *text, const char *more);

/* Adds a literal that means `value` whatever the session's settings are. */
void hf_sql_text_add_literal(struct hf_sql_text *text, const char *value);

/* Returns how many characters of UTF-8 there are. */
int32_t hf_sql_characters(const char *text, size_t bytes);

#endif
