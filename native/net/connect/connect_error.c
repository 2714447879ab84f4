/* SPDX-License-Identifier: MIT */
/*
 * libpq describes a failed connection by a text only. In verbose mode it has
 * the SQLSTATE, whatever the locale. Otherwise we look for libpq's English
 * words; a text without any of them is a failure of the socket, worth another
 * try.
 */
#include "net/connect/connect_error.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "net/base/socket.h"
#include "net/base/system.h"
#include "net/connect/connect_text.h"

enum { TEXT_BYTES = 4096, FIELD_BYTES = 1024 };

static bool has_any(const char *text, const char *const *words) {
  for (; *words != NULL; words++) {
    if (strstr(text, *words) != NULL) {
      return true;
    }
  }
  return false;
}

static const char *const closed_words[] = {
    "closed the connection unexpectedly",
    "connection has been closed unexpectedly",
    "EOF detected",
    "unexpected eof",
    NULL};
static const char *const file_words[] = {"certificate", "private key", NULL};
static const char *const tls_words[] =
    {"SSL", "TLS", "certificate", "private key", "channel binding", NULL};
static const char *const setting_words[] = {"invalid sslmode",
                                            "invalid channel_binding",
                                            "invalid require_auth",
                                            "invalid target_session_attrs",
                                            "invalid ssl_",
                                            "invalid SSL protocol",
                                            "invalid port",
                                            "invalid integer value",
                                            "invalid connection option",
                                            "invalid gssencmode",
                                            "when SSL support is not",
                                            "could not match",
                                            "no user name",
                                            NULL};
static const char *const protocol_words[] = {"expected authentication request",
                                             "received invalid response",
                                             "received unencrypted data",
                                             "lost synchronization",
                                             "unexpected message",
                                             "unexpected response",
                                             "invalid authentication request",
                                             "invalid protocol",
                                             "insufficient data",
                                             "message type 0x",
                                             "message contents do not agree",
                                             "unsupported frontend protocol",
                                             "server sent",
                                             "unexpected asyncStatus",
                                             NULL};
static const char *const auth_words[] = {"fe_sendauth",
                                         "authentication",
                                         "password",
                                         "SCRAM",
                                         "SASL",
                                         "GSSAPI",
                                         "SSPI",
                                         "peer",
                                         NULL};

static enum hf_status socket_error(struct hf_error *error,
                                   int number,
                                   const char *syscall) {
  error->status = HF_SOCKET_ERROR;
  error->sys_errno = number;
  hf_error_add(error, 'y', syscall);
  return HF_SOCKET_ERROR;
}

/* Returns whether the text is that of an ErrorResponse without fields. */
static bool says_nothing(const char *text) {
  const char *at = strstr(text, " failed:");
  return at != NULL && at[strlen(" failed:")] == '\0';
}

/*
 * Judges why an address was not understood. The look-up has returned it, so
 * that a temporary failure of the resolver is no error of the address.
 */
static enum hf_status judge_address(struct hf_error *error, const char *text) {
  static const int passing[] = {EAI_AGAIN, EAI_FAIL, EAI_SYSTEM};
  size_t i;
  if (strstr(text, gai_strerror(EAI_MEMORY)) != NULL) {
    return HF_NO_MEMORY;
  }
  for (i = 0; i < sizeof passing / sizeof *passing; i++) {
    if (strstr(text, gai_strerror(passing[i])) != NULL) {
      error->sys_errno = EAGAIN;
      hf_error_add(error, 'y', "getaddrinfo");
      return HF_NAME_ERROR;
    }
  }
  return HF_PARAM_INVALID;
}

/* Judges text without an SQLSTATE. */
static enum hf_status judge_text(struct hf_error *error, const char *text) {
  int number = hf_system_find_error(text);
  if (strstr(text, "could not parse network address") != NULL) {
    return judge_address(error, text);
  }
  if (strstr(text, "could not translate host name") != NULL) {
    hf_error_add(error, 'y', "getaddrinfo");
    return HF_NAME_ERROR;
  }
  if (strstr(text, "out of memory") != NULL) {
    return HF_NO_MEMORY;
  }
  if (has_any(text, setting_words)) {
    return HF_PARAM_INVALID;
  }
  if (says_nothing(text) || has_any(text, protocol_words)) {
    return HF_PROTOCOL_ERROR;
  }
  if (has_any(text, closed_words)) {
    return socket_error(error, ECONNRESET, "read");
  }
  if (number != 0 && !has_any(text, file_words)) {
    bool later = strstr(text, "could not receive") != NULL ||
                 strstr(text, "could not send") != NULL ||
                 strstr(text, "SYSCALL") != NULL;
    return socket_error(error, number, later ? "read" : "connect");
  }
  if (has_any(text, tls_words)) {
    return HF_TLS_ERROR;
  }
  if (has_any(text, auth_words)) {
    return HF_AUTH_ERROR;
  }
  if (strstr(text, "session is read-only") != NULL ||
      strstr(text, "server is in hot standby mode") != NULL) {
    hf_error_add(error, 'C', "25006"); /* writes were asked for */
    return HF_SERVER_ERROR;
  }
  /* For example, no host has what target_session_attrs asks for. */
  return socket_error(error, ECONNREFUSED, "connect");
}

static const char next_attempt[] = "\nconnection to server ";

/* Returns the text of the last attempt. */
static const char *last_attempt(const char *text) {
  const char *found;
  while ((found = strstr(text, next_attempt)) != NULL) {
    text = found + 1;
  }
  return text;
}

/* Copies the text of one attempt, without white space at the end. */
static void copy_attempt(const char *text, char copy[TEXT_BYTES]) {
  const char *end = strstr(text, next_attempt);
  size_t bytes = end == NULL ? strlen(text) : (size_t)(end - text);
  if (bytes >= TEXT_BYTES) {
    bytes = TEXT_BYTES - 1;
  }
  memcpy(copy, text, bytes);
  while (bytes > 0 && isspace((unsigned char)copy[bytes - 1])) {
    bytes--;
  }
  copy[bytes] = '\0';
}

enum hf_status hf_connect_error_read(struct hf_error *error, const char *text) {
  char attempt[TEXT_BYTES];
  const char *at = text;
  const char *state;

  /* The first error of a server says more than a later failure to connect. */
  do {
    copy_attempt(at, attempt);
    state = hf_connect_text_find_sqlstate(attempt);
    if (state != NULL) {
      hf_error_finish(error);
      hf_connect_text_read_server(error, state);
      hf_connect_text_read_place(error, attempt);
      return HF_SERVER_ERROR;
    }
    at = strstr(at, next_attempt);
    at = at == NULL ? NULL : at + 1;
  } while (at != NULL);
  copy_attempt(last_attempt(text), attempt);
  hf_error_set(error, HF_SOCKET_ERROR, HF_PHASE_CONNECT, attempt);
  error->status = judge_text(error, attempt);
  hf_connect_text_read_place(error, attempt);
  return error->status;
}

/* Returns whether the text names a server. */
static bool names_a_server(const char *text) {
  return strstr(text, next_attempt + 1) == text ||
         strstr(text, next_attempt) != NULL;
}

enum hf_status hf_connect_error_read_start(struct hf_error *error,
                                           const char *text) {
  enum hf_status status = hf_connect_error_read(error, text);
  bool local = !names_a_server(text) && status != HF_NO_MEMORY &&
               status != HF_NAME_ERROR && status != HF_SERVER_ERROR;
  if (local) {
    error->status = HF_PARAM_INVALID;
    error->sys_errno = 0;
  }
  return error->status;
}

enum hf_status hf_connect_error_system(struct hf_error *error,
                                       int number,
                                       const char *what) {
  char message[FIELD_BYTES];
  enum hf_status status = number == ENOMEM ? HF_NO_MEMORY : HF_SOCKET_ERROR;
  (void)snprintf(message,
                 sizeof message,
                 "%s: %s",
                 what,
                 hf_system_error_text(number));
  hf_error_set(error, status, HF_PHASE_CONNECT, message);
  error->sys_errno = number;
  return status;
}

/* ---- of several attempts ------------------------------------------------- */

static int rank_of(const struct hf_error *error) {
  static const enum hf_status by_rank[] = {HF_OK,
                                           HF_NAME_ERROR,
                                           HF_SOCKET_ERROR,
                                           HF_CONNECT_TIMEOUT};
  enum { OTHERS = sizeof by_rank / sizeof *by_rank, SERVER };
  int i;
  for (i = 0; i < OTHERS; i++) {
    if (error->status == by_rank[i]) {
      return i;
    }
  }
  return error->status == HF_SERVER_ERROR ? SERVER : OTHERS;
}

void hf_connect_error_keep(struct hf_error *kept, struct hf_error *error) {
  if (rank_of(error) >= rank_of(kept)) {
    hf_error_move(kept, error);
  }
}

bool hf_connect_error_is_final(const struct hf_error *error) {
  const char *message = hf_error_field(error, 'M');
  if (error->status == HF_SERVER_ERROR) {
    return strncmp(error->sqlstate, "28", 2) == 0 ||
           strncmp(error->sqlstate, "3D", 2) == 0 ||
           (message != NULL && strstr(message, "unsupported startup") != NULL);
  }
  return error->status == HF_AUTH_ERROR || error->status == HF_PARAM_INVALID ||
         error->status == HF_NO_MEMORY;
}
