/* SPDX-License-Identifier: MIT */
#include "net/conn/sql_text.h"

#include <string.h>

#include "core/base/alloc.h"

void hf_sql_text_add_bytes(struct hf_sql_text *text,
                           const char *more,
                           size_t bytes) {
  char *data =
      text->failed ? NULL : hf_realloc(text->data, text->bytes + bytes + 1);
  if (data == NULL) {
    text->failed = true;
    return;
  }
  memcpy(data + text->bytes, more, bytes);
  data[text->bytes + bytes] = '\0';
  text->data = data;
  text->bytes += bytes;
}

void hf_sql_text_add(struct hf_sql_text *text, const char *more) {
  hf_sql_text_add_bytes(text, more, strlen(more));
}

/* E'...' means the same whatever standard_conforming_strings is. */
void hf_sql_text_add_literal(struct hf_sql_text *text, const char *value) {
  hf_sql_text_add(text, "E'");
  for (; *value != '\0'; value++) {
    if (*value == '\'' || *value == '\\') {
      hf_sql_text_add_bytes(text, value, 1);
    }
    hf_sql_text_add_bytes(text, value, 1);
  }
  hf_sql_text_add(text, "'");
}

int32_t hf_sql_characters(const char *text, size_t bytes) {
  int32_t n = 0;
  size_t i;
  for (i = 0; i < bytes; i++) {
    n += ((unsigned char)text[i] & 0xc0) != 0x80;
  }
  return n;
}
