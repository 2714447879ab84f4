/* SPDX-License-Identifier: MIT */
/*
 * In verbose mode libpq writes a server's error as
 *
 *   connection to server at "host" (address), port 5432 failed: FATAL:  28P01:
 * .. DETAIL:  .. LOCATION:  auth_failed, auth.c:334
 */
#include "net/connect/connect_text.h"

#include <string.h>

#include "core/base/error.h"

enum { FIELD_BYTES = 1024 };

/* Adds a field from a piece of text. */
static void add_piece(struct hf_error *error,
                      char letter,
                      const char *text,
                      size_t bytes) {
  char copy[FIELD_BYTES];
  if (bytes >= sizeof copy) {
    bytes = sizeof copy - 1;
  }
  memcpy(copy, text, bytes);
  copy[bytes] = '\0';
  hf_error_add(error, letter, copy);
}

void hf_connect_text_read_place(struct hf_error *error, const char *text) {
  const char *server = strstr(text, "connection to server ");
  const char *from = server == NULL ? NULL : strchr(server, '"');
  const char *to = from == NULL ? NULL : strchr(from + 1, '"');
  const char *port;
  if (to == NULL) {
    return;
  }
  if (strncmp(to, "\" (", 3) == 0 && strchr(to, ')') != NULL) {
    add_piece(error, 'a', to + 3, (size_t)(strchr(to, ')') - (to + 3)));
  } else {
    add_piece(error, 'a', from + 1, (size_t)(to - from - 1));
  }
  port = strstr(to, ", port ");
  if (port != NULL) {
    port += strlen(", port ");
    add_piece(error, 'o', port, strspn(port, "0123456789"));
  }
}

const char *hf_connect_text_find_sqlstate(const char *text) {
  const char *at = strstr(text, " failed: ");
  size_t n;
  if (at == NULL) {
    return NULL;
  }
  at = strchr(at + strlen(" failed: "), ':');
  if (at == NULL) {
    return NULL;
  }
  at += 1 + strspn(at + 1, " ");
  n = strspn(at, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ");
  return n == HF_SQLSTATE_LENGTH && (at[n] == ':' || at[n] == '\n') ? at : NULL;
}

/* Reads "LOCATION:  routine, file.c:123". */
static void read_location(struct hf_error *error, const char *at) {
  size_t routine = strcspn(at, ",\n");
  const char *file = at + routine;
  size_t bytes;
  add_piece(error, 'R', at, routine);
  file += strspn(file, ", ");
  bytes = strcspn(file, ":\n");
  add_piece(error, 'F', file, bytes);
  if (file[bytes] == ':') {
    file += bytes + 1;
    add_piece(error, 'L', file, strspn(file, "0123456789"));
  }
}

/* Reads the lines after the message: DETAIL, HINT and LOCATION. */
static bool read_details(struct hf_error *error, const char *line) {
  bool located = false;
  while (line != NULL && *line != '\0') {
    const char *value = strchr(line, ':');
    size_t bytes = strcspn(line, "\n");
    if (value != NULL && (size_t)(value - line) < bytes) {
      value += 1 + strspn(value + 1, " ");
      if (strncmp(line, "DETAIL:", 7) == 0) {
        add_piece(error, 'D', value, strcspn(value, "\n"));
      } else if (strncmp(line, "HINT:", 5) == 0) {
        add_piece(error, 'H', value, strcspn(value, "\n"));
      } else if (strncmp(line, "LOCATION:", 9) == 0) {
        read_location(error, value);
        located = true;
      }
    }
    line = line[bytes] == '\n' ? line + bytes + 1 : NULL;
  }
  return located;
}

/*
 * Only a server says where in its source it was: without that a pooler spoke.
 */
void hf_connect_text_read_server(struct hf_error *error, const char *state) {
  char severity[FIELD_BYTES] = "";
  char code[HF_SQLSTATE_LENGTH + 1];
  const char *word = state;
  const char *message = state + HF_SQLSTATE_LENGTH;
  size_t bytes;

  while (word[-1] == ' ' || word[-1] == ':') {
    word--;
  }
  bytes = 0;
  while (word[-1] != ' ' && word[-1] != '\n' && bytes < sizeof severity - 1) {
    word--;
    bytes++;
  }
  memcpy(severity, word, bytes);
  memcpy(code, state, HF_SQLSTATE_LENGTH);
  code[HF_SQLSTATE_LENGTH] = '\0';
  message += strspn(message, ": ");
  bytes = strcspn(message, "\n");
  hf_error_init(error);
  error->status = HF_SERVER_ERROR;
  error->phase = HF_PHASE_CONNECT;
  hf_error_add(error, 'S', severity);
  hf_error_add(error, 'C', code);
  add_piece(error, 'M', message, bytes);
  if (read_details(error, message + bytes)) {
    hf_error_add(error, 'V', severity);
  } else {
    error->speaker = HF_SPEAKER_POOLER;
    error->severity = HF_SEVERITY_FATAL;
  }
}
