/* SPDX-License-Identifier: MIT */
/* Scans a text. */
#ifndef HF_TEST_SQL_SUPPORT_H
#define HF_TEST_SQL_SUPPORT_H

#include <stdlib.h>
#include <string.h>

#include "core/sql/lex.h"
#include "core/sql/scan.h"
#include "core/sql/words.h"
#include "holdfast.h"
#include "support.h"

static inline struct hf_sql_info scan(const char *text) {
  /* A copy of the exact size, so that sanitizers see a read past the end. */
  size_t bytes = strlen(text);
  char *copy = malloc(bytes == 0 ? 1 : bytes);
  struct hf_sql_info info;

  assert_non_null(copy);
  memcpy(copy, text, bytes);
  hf_sql_scan(copy, bytes, &info);
  free(copy);
  return info;
}

#endif
