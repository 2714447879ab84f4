/* SPDX-License-Identifier: MIT */
/* Shared by the files of the client of hf_port_*. */
#ifndef HF_TEST_SUPPORT_PORT_INTERNAL_H
#define HF_TEST_SUPPORT_PORT_INTERNAL_H

#include <pthread.h>
#include <stdbool.h>
#include <time.h>

#include "support_port.h"

enum {
  WAIT_S = 30,
  POLL_MS = 2,
  OPS_MAX = 512,
  TEXT_MAX = 1 << 18,
  CALLS_MAX = 8192,
  ROW_DESCRIPTIONS_MAX = 4096,
  QUESTIONS_MAX = 64,
  TRIES_MAX = 100,
  EVENT_KINDS = 32,
  PATH_BYTES = 320,
  NAME_BYTES = 32
};

struct call {
  bool settled;
  struct support_answer answer;
};

struct support_port {
  struct hf_port *port;
  pthread_mutex_t lock;
  pthread_cond_t changed;
  bool woken, closed, abandoned; /* under lock */
  bool hold;
  struct hf_op *ops;
  size_t n_ops;
  char *text;
  size_t text_bytes;
  int64_t last_id;
  int last_pool;
  struct call *calls; /* by id */
  int unanswered;
  int columns[ROW_DESCRIPTIONS_MAX];
  int64_t questions[QUESTIONS_MAX];
  int question_pools[QUESTIONS_MAX];
  int n_questions, read_questions;
  int events[EVENT_KINDS];
  char event_text[SUPPORT_TEXT_BYTES];
};

/* Ends the program unless it holds. */
void support_must(bool ok, const char *what);

/* When a wait that begins now times out, on the realtime clock. */
struct timespec support_limit(void);

/* Reads one message. */
void support_read_message(struct support_port *port,
                          const struct hf_message *message);

/* Takes the messages there are. */
void support_take(struct support_port *port);

#endif
