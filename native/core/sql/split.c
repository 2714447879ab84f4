/* SPDX-License-Identifier: MIT */
/*
 * Splits scripts into statements, and tells which of them cannot share a
 * transaction.
 */
#include "core/sql/lex.h"
#include "core/sql/scan.h"
#include "holdfast.h"

static int32_t traits_of(const struct hf_sql_info *info) {
  return (info->read_only ? HF_TEXT_READS : 0) |
         (info->may_commit_midway ? HF_TEXT_COMMITS_MIDWAY : 0) |
         (info->refuses_transaction ? HF_TEXT_ALONE : 0) |
         (info->kind == HF_SQL_CALL || info->kind == HF_SQL_DO ? HF_TEXT_CALLS
                                                               : 0) |
         (info->adds_value ? HF_TEXT_ADDS_VALUE : 0) |
         (hf_sql_controls_transaction(info->kind) ? HF_TEXT_CONTROLS : 0);
}

int32_t hf_text_traits(const char *text, size_t bytes) {
  struct hf_sql_info info;

  hf_sql_scan(text, bytes, &info);
  return traits_of(&info) & (HF_TEXT_READS | HF_TEXT_COMMITS_MIDWAY);
}

int32_t hf_text_split(const char *text,
                      size_t bytes,
                      struct hf_text_part *parts,
                      int32_t max) {
  struct hf_sql_lexer lexer;
  struct hf_sql_info info;
  const char *start = text;
  int32_t n = 0;
  bool more;

  hf_sql_lex_init(&lexer, text, bytes);
  do {
    more = hf_sql_next(&lexer, &info);
    if (info.n_statements > 0) {
      if (n < max) {
        parts[n].start = (size_t)(start - text);
        parts[n].end = (size_t)(lexer.at - text);
        parts[n].traits = traits_of(&info);
      }
      n++;
    }
    start = lexer.at;
  } while (more);
  return n;
}
