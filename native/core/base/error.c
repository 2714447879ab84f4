/* SPDX-License-Identifier: MIT */
#include "core/base/error.h"

#include <string.h>

#include "core/base/alloc.h"

static enum hf_severity severity_of(const char *word) {
  static const struct {
    const char *word;
    enum hf_severity severity;
  } words[] = {
      {"WARNING", HF_SEVERITY_WARNING},
      {"NOTICE", HF_SEVERITY_WARNING},
      {"INFO", HF_SEVERITY_WARNING},
      {"LOG", HF_SEVERITY_WARNING},
      {"DEBUG", HF_SEVERITY_WARNING},
      {"ERROR", HF_SEVERITY_ERROR},
      {"FATAL", HF_SEVERITY_FATAL},
      {"PANIC", HF_SEVERITY_PANIC},
  };
  size_t i;

  for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
    if (strcmp(word, words[i].word) == 0) {
      return words[i].severity;
    }
  }
  return HF_SEVERITY_UNKNOWN;
}

/* Appends one record, or leaves the fields as they are. */
static void append(struct hf_error *error, char letter, const char *text) {
  size_t length = strlen(text) + 1;
  char *grown = hf_realloc(error->fields, error->fields_bytes + 1 + length);

  if (grown == NULL) {
    return;
  }
  grown[error->fields_bytes] = letter;
  memcpy(grown + error->fields_bytes + 1, text, length);
  error->fields = grown;
  error->fields_bytes += 1 + length;
}

void hf_error_init(struct hf_error *error) {
  memset(error, 0, sizeof(*error));
}

void hf_error_finish(struct hf_error *error) {
  if (error == NULL) {
    return;
  }
  hf_free(error->fields);
  hf_error_init(error);
}

void hf_error_set(struct hf_error *error,
                  enum hf_status status,
                  enum hf_phase phase,
                  const char *message) {
  char *old = error->fields; /* the message may point into it */

  hf_error_init(error);
  error->status = status;
  error->phase = phase;
  hf_error_add(error, 'M', message == NULL ? hf_status_text(status) : message);
  hf_free(old);
}

void hf_error_add(struct hf_error *error, char letter, const char *text) {
  if (text == NULL || hf_error_field(error, letter) != NULL) {
    return;
  }
  if (letter == 'C' && error->sqlstate[0] == '\0' &&
      strlen(text) == HF_SQLSTATE_LENGTH) {
    memcpy(error->sqlstate, text, HF_SQLSTATE_LENGTH + 1);
  }
  if (letter == 'V') {
    error->speaker = HF_SPEAKER_SERVER;
    error->severity = severity_of(text);
  } else if (letter == 'S' && error->speaker != HF_SPEAKER_SERVER) {
    /* S may be translated: it only counts until V comes */
    error->severity = severity_of(text);
  }
  append(error, letter, text);
}

const char *hf_error_field(const struct hf_error *error, char letter) {
  size_t at = 0;

  while (at < error->fields_bytes) {
    const char *record = error->fields + at;

    if (record[0] == letter) {
      return record + 1;
    }
    at += strlen(record + 1) + 2;
  }
  return NULL;
}

void hf_error_copy(struct hf_error *dst, const struct hf_error *src) {
  char *fields = NULL;

  if (dst == src) {
    return;
  }
  if (src->fields_bytes > 0) {
    fields = hf_alloc(src->fields_bytes);
    if (fields != NULL) {
      memcpy(fields, src->fields, src->fields_bytes);
    }
  }
  hf_free(dst->fields);
  *dst = *src;
  dst->fields = fields;
  dst->fields_bytes = fields == NULL ? 0 : src->fields_bytes;
}

void hf_error_move(struct hf_error *dst, struct hf_error *src) {
  if (dst == src) {
    return;
  }
  hf_free(dst->fields);
  *dst = *src;
  hf_error_init(src);
}

void hf_error_evidence(const struct hf_error *error, struct hf_evidence *out) {
  out->phase = error->phase;
  out->status = error->status;
  out->severity = error->severity;
  out->speaker = error->speaker;
  out->sqlstate = error->sqlstate[0] == '\0' ? NULL : error->sqlstate;
  out->routine = hf_error_field(error, 'R');
  out->code = NULL;
  out->kind = NULL;
  out->syscall = hf_error_field(error, 'y');
  out->name = NULL;
  out->message = hf_error_field(error, 'M');
}
