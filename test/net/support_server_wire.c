/* SPDX-License-Identifier: MIT */
/* Bytes and messages of the scripted server. */
#define _GNU_SOURCE

#include <poll.h>
#include <sys/socket.h>

#include "support_server_internal.h"

void fake_cut(struct fake_session *session) {
  session->cut = true;
  (void)shutdown(session->socket, SHUT_RDWR);
}

/* Waits for the socket; false when the server stops. */
static bool wait_readable(struct fake_session *session) {
  struct pollfd polled[2] = {
      {.fd = session->socket, .events = POLLIN},
      {.fd = session->server->stop[0], .events = POLLIN}};
  while (poll(polled, 2, -1) < 0) {
  }
  return polled[1].revents == 0;
}

void fake_stall(struct fake_session *session) {
  char drained[256];
  while (wait_readable(session) &&
         recv(session->socket, drained, sizeof drained, 0) > 0) {
  }
  session->cut = true;
}

bool fake_send_raw(struct fake_session *session, const void *bytes, size_t n) {
  const struct fake_plan *plan = session->server->plan;
  const char *at = bytes;
  bool last = false;
  if (plan->cut_after != 0 && session->sent + n >= plan->cut_after) {
    n = plan->cut_after - session->sent;
    last = true;
  }
  while (n > 0 && !session->cut) {
    ssize_t written = send(session->socket, at, n, MSG_NOSIGNAL);
    if (written <= 0) {
      session->cut = true;
      break;
    }
    at += written;
    n -= (size_t)written;
    session->sent += (size_t)written;
  }
  if (last && !session->cut) {
    if (plan->stall_at_cut) {
      fake_stall(session);
    } else {
      fake_cut(session);
    }
  }
  return !session->cut;
}

bool fake_send(struct fake_session *session,
               char type,
               const void *body,
               size_t bytes) {
  char *whole = malloc(bytes + 5);
  bool sent;
  must(whole != NULL, "malloc");
  whole[0] = type;
  put32(whole + 1, (uint32_t)bytes + 4);
  if (bytes != 0) {
    memcpy(whole + 5, body, bytes);
  }
  sent = fake_send_raw(session, whole, bytes + 5);
  free(whole);
  return sent;
}

bool fake_send_columns(struct fake_session *session,
                       const char *name,
                       int32_t oid) {
  char body[256] = {0, 1};
  size_t at = 2;
  memcpy(body + at, name, strlen(name) + 1);
  at += strlen(name) + 1;
  at += 6; /* no table, no column */
  put32(body + at, (uint32_t)oid);
  at += 4;
  body[at] = body[at + 1] = (char)0xff; /* size -1 */
  at += 2;
  put32(body + at, UINT32_MAX);
  at += 4 + 2;
  return fake_send(session, 'T', body, at);
}

bool fake_send_row(struct fake_session *session, const char *text) {
  size_t bytes = strlen(text);
  char *body = calloc(1, bytes + 6);
  bool sent;
  must(body != NULL, "calloc");
  body[1] = 1;
  put32(body + 2, (uint32_t)bytes);
  memcpy(body + 6, text, bytes);
  sent = fake_send(session, 'D', body, bytes + 6);
  free(body);
  return sent;
}

bool fake_send_tag(struct fake_session *session, const char *tag) {
  return fake_send(session, 'C', tag, strlen(tag) + 1);
}

bool fake_send_fields(struct fake_session *session,
                      char type,
                      const char *fields) {
  const char *at = fields;
  while (*at != '\0') {
    at += strlen(at) + 1;
  }
  return fake_send(session, type, fields, (size_t)(at - fields) + 1);
}

bool read_exactly(struct fake_session *session, char *out, size_t n) {
  while (n > 0) {
    ssize_t got;
    if (session->cut || !wait_readable(session)) {
      return false;
    }
    got = recv(session->socket, out, n, 0);
    if (got <= 0) {
      return false;
    }
    out += got;
    n -= (size_t)got;
  }
  return true;
}

bool read_body(struct fake_session *session, size_t *bytes) {
  char head[4];
  if (!read_exactly(session, head, sizeof head)) {
    return false;
  }
  *bytes = get32(head) - 4;
  if (*bytes >= MESSAGE_MAX) {
    return false;
  }
  session->message[*bytes] = '\0';
  return read_exactly(session, session->message, *bytes);
}
