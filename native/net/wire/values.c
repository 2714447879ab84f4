/* SPDX-License-Identifier: MIT */
#include "net/wire/values.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"

enum { MARK = '\1', DECIMAL = 10, DIGITS_OF_BYTE = 2, LETTERS = 10 };

size_t hf_values_span(const char *const *fields, int32_t n) {
  const char *last;
  if (n == 0) {
    return 0;
  }
  last = fields[n - 1];
  return (size_t)(last - fields[0]) + strlen(last) + 1;
}

static bool is_special(const char *field) {
  return field[0] == MARK && (field[1] == 'x' || field[1] == 't');
}

/* Returns the text of a field, or NULL. */
static char *plain(char *field) {
  if (field[0] != MARK) {
    return field;
  }
  return field[1] == '\0' ? NULL : field + 1;
}

static unsigned digit_of(char c) {
  return (unsigned)(c <= '9' ? c - '0' : c - 'a' + LETTERS);
}

/* Decodes hexadecimal in place; returns how many bytes it has. */
static int decode(char *text) {
  char *to = text;
  const char *from = text;
  for (; from[0] != '\0' && from[1] != '\0'; from += DIGITS_OF_BYTE) {
    *to++ = (char)(digit_of(from[0]) << 4 | digit_of(from[1]));
  }
  *to = '\0';
  return (int)(to - text);
}

static bool make_room(struct hf_values *values) {
  size_t n = (size_t)values->n;
  if (values->memory == NULL) {
    values->memory = hf_calloc(n * 3, sizeof(int));
    if (values->memory == NULL) {
      return false;
    }
    values->lengths = values->memory;
    values->formats = values->lengths + n;
    values->types = (unsigned *)(values->formats + n);
  }
  return true;
}

static void take_special(struct hf_values *values, int32_t i, char *field) {
  char *text = field + 2;
  if (field[1] == 'x') {
    values->formats[i] = 1;
    values->lengths[i] = decode(text);
  } else {
    values->types[i] = (unsigned)strtoul(text, &text, DECIMAL);
    values->typed = true;
    text += *text == ' ' ? 1 : 0;
  }
  values->texts[i] = text;
}

enum hf_status hf_values_take(struct hf_values *values,
                              const char *const *fields,
                              char *copy,
                              size_t span) {
  int32_t i;
  if (values->n == 0) {
    return HF_OK;
  }
  memcpy(copy, fields[0], span);
  for (i = 0; i < values->n; i++) {
    char *field = copy + (fields[i] - fields[0]);
    if (!is_special(field)) {
      values->texts[i] = plain(field);
    } else if (make_room(values)) {
      take_special(values, i, field);
    } else {
      return HF_NO_MEMORY;
    }
  }
  return HF_OK;
}

void hf_values_finish(struct hf_values *values) {
  hf_free(values->memory);
  values->memory = NULL;
}
