/* SPDX-License-Identifier: MIT */
/* What the files of the scripted server share. */
#ifndef HF_TEST_SUPPORT_SERVER_INTERNAL_H
#define HF_TEST_SUPPORT_SERVER_INTERNAL_H

#include <arpa/inet.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support_server.h"

enum { SESSIONS_MAX = 256, MESSAGE_MAX = 1 << 16, LOG_MAX = 1 << 16 };

struct fake_session {
  struct fake_server *server;
  int socket;
  pthread_t thread;
  size_t sent;
  bool cut;
  char message[MESSAGE_MAX];
};

struct fake_server {
  const struct fake_plan *plan;
  int listener;
  int port;
  int stop[2]; /* readable at one end once the server stops */
  pthread_t thread;
  atomic_int connections;
  atomic_int cancels;
  pthread_mutex_t lock; /* of the log and the sessions */
  char log[LOG_MAX];
  size_t log_bytes;
  struct fake_session *sessions[SESSIONS_MAX];
  int n_sessions;
};

static inline void must(bool ok, const char *what) {
  if (!ok) {
    perror(what);
    abort();
  }
}

static inline void put32(char *at, uint32_t value) {
  value = htonl(value);
  memcpy(at, &value, sizeof value);
}

static inline uint32_t get32(const char *at) {
  uint32_t value;
  memcpy(&value, at, sizeof value);
  return ntohl(value);
}

/* Reads exactly so many bytes; false at the end. */
bool read_exactly(struct fake_session *session, char *out, size_t n);

/* Reads a body preceded by its length; false at the end. */
bool read_body(struct fake_session *session, size_t *bytes);

#endif
