/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as SQL: the scanner ends, reads nothing past the end, and its
 * answers agree with each other. See `make fuzz-scan`.
 */
#include "core/sql/scan.h"

#include "core/sql/lex.h"
#include "fuzz.h"
#include "holdfast.h"

/* Each token takes at least one byte, so the loop ends. */
static void check_lexer(const char *text, size_t bytes, bool backslashes) {
  struct hf_sql_lexer lexer;
  struct hf_sql_token token;
  const char *at = text;

  hf_sql_lex_init(&lexer, text, bytes);
  lexer.backslashes = backslashes;
  for (;;) {
    hf_sql_lex_next(&lexer, &token);
    demand(lexer.at <= text + bytes);
    demand(memchr(token.text, '\0', sizeof token.text) != NULL);
    if (token.kind == HF_TOKEN_END) {
      break;
    }
    demand(lexer.at > at);
    at = lexer.at;
  }
  demand(lexer.at == text + bytes);
}

static void check_info(const struct hf_sql_info *info) {
  demand(info->multiple == (info->n_statements > 1));
  demand(!info->read_only ||
         (info->kind == HF_SQL_SELECT && info->n_statements == 1 &&
          !info->may_commit_midway && !info->session_state && !info->copy &&
          !info->refuses_transaction && !info->ends_transaction &&
          !info->rolls_back && !info->commits));
  demand(!info->commits || info->ends_transaction);
  demand(!info->refuses_transaction || info->may_commit_midway);
  demand((info->kind == HF_SQL_EMPTY) == (info->n_statements == 0));
}

/*
 * Placeholders are in order, do not overlap, lie within the text, and begin
 * with their mark.
 */
static void check_placeholders(const char *text, size_t bytes) {
  struct hf_placeholder list[16];
  int32_t max = (int32_t)(sizeof list / sizeof list[0]);
  int32_t n = hf_text_placeholders(text, bytes, list, max);
  size_t at = 0;
  int32_t i;

  demand(n >= HF_TEXT_UNTERMINATED && n <= (int32_t)bytes);
  for (i = 0; i < n && i < max; i++) {
    demand(list[i].start >= at && list[i].end >= list[i].start + 2);
    demand(list[i].end <= bytes);
    demand(text[list[i].start] ==
           (list[i].kind == HF_PLACEHOLDER_NUMBER ? '$' : ':'));
    at = list[i].end;
  }
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t bytes) {
  /* A copy of the exact size, so that a read past the end is seen. */
  char *text = malloc(bytes == 0 ? 1 : bytes);
  struct hf_sql_info info, again;

  demand(text != NULL);
  memcpy(text, data, bytes);
  check_lexer(text, bytes, false);
  check_lexer(text, bytes, true);
  hf_sql_scan(text, bytes, &info);
  hf_sql_scan(text, bytes, &again);
  demand(memcmp(&info, &again, sizeof info) == 0);
  check_info(&info);
  check_placeholders(text, bytes);
  demand(((hf_text_traits(text, bytes) & HF_TEXT_READS) != 0) ==
         info.read_only);
  free(text);
  return 0;
}
