/* SPDX-License-Identifier: MIT */
/* The client of hf_port_*: see the header. */
#define _GNU_SOURCE

#include "support_port.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support_port_internal.h"

static void *must_alloc(size_t bytes) {
  void *memory = calloc(1, bytes);
  support_must(memory != NULL, "calloc");
  return memory;
}

/* ---- opening and closing ------------------------------------------------- */

static void on_wake(void *ctx) {
  struct support_port *port = ctx;
  (void)pthread_mutex_lock(&port->lock);
  port->woken = true;
  (void)pthread_cond_signal(&port->changed);
  (void)pthread_mutex_unlock(&port->lock);
}

static void drop(struct support_port *port) {
  (void)pthread_cond_destroy(&port->changed);
  (void)pthread_mutex_destroy(&port->lock);
  hf_buffer_free(port->ops);
  hf_buffer_free(port->text);
  free(port->calls);
  free(port);
}

static void on_closed(void *ctx) {
  struct support_port *port = ctx;
  bool abandoned;
  (void)pthread_mutex_lock(&port->lock);
  port->closed = true;
  abandoned = port->abandoned;
  (void)pthread_cond_signal(&port->changed);
  (void)pthread_mutex_unlock(&port->lock);
  if (abandoned) {
    drop(port);
  }
}

struct support_port *support_port_try(void) {
  struct support_port *port = must_alloc(sizeof *port);
  (void)pthread_mutex_init(&port->lock, NULL);
  (void)pthread_cond_init(&port->changed, NULL);
  port->calls = must_alloc(CALLS_MAX * sizeof *port->calls);
  if (hf_port_open(on_wake, port, &port->port) != HF_OK) {
    drop(port);
    return NULL;
  }
  return port;
}

struct support_port *support_port_open(void) {
  struct support_port *port = support_port_try();
  support_must(port != NULL, "hf_port_open");
  return port;
}

void support_port_close(struct support_port *port) {
  struct timespec at = support_limit();
  support_flush(port);
  hf_port_close(port->port, on_closed, port);
  (void)pthread_mutex_lock(&port->lock);
  while (!port->closed) {
    support_must(pthread_cond_timedwait(&port->changed, &port->lock, &at) == 0,
                 "closing a port");
  }
  (void)pthread_mutex_unlock(&port->lock);
  drop(port);
}

void support_port_abandon(struct support_port *port) {
  support_flush(port);
  port->abandoned = true;
  hf_port_close(port->port, on_closed, port);
}

void support_port_hold(struct support_port *port, bool hold) {
  port->hold = hold;
}

/* ---- operations ---------------------------------------------------------- */

static void add_field(struct support_port *port, const char *field) {
  size_t bytes = strlen(field) + 1;
  support_must(port->text_bytes + bytes <= TEXT_MAX, "too much text");
  memcpy(port->text + port->text_bytes, field, bytes);
  port->text_bytes += bytes;
}

/* Tests make memory run out, but not for long. */
static void *must_buffer(size_t bytes) {
  void *buffer = NULL;
  int tries = 0;
  while (buffer == NULL && tries++ < TRIES_MAX) {
    buffer = hf_buffer_alloc(bytes);
  }
  support_must(buffer != NULL, "hf_buffer_alloc");
  return buffer;
}

static struct hf_op *begin_op(struct support_port *port, struct hf_op *op) {
  struct hf_op *slot;
  if (port->ops == NULL) {
    port->ops = must_buffer(OPS_MAX * sizeof *port->ops);
    port->text = must_buffer(TEXT_MAX);
  }
  if (op->id_low == 0) {
    op->id_low = (int32_t)++port->last_id;
    support_must(port->last_id < CALLS_MAX, "too many calls");
    port->unanswered++;
  }
  support_must(port->n_ops < OPS_MAX, "too many operations");
  slot = &port->ops[port->n_ops++];
  *slot = *op;
  return slot;
}

int64_t support_op(struct support_port *port, struct hf_op *op, ...) {
  struct hf_op *slot = begin_op(port, op);
  const char *field;
  va_list fields;
  va_start(fields, op);
  while ((field = va_arg(fields, const char *)) != NULL) {
    add_field(port, field);
    slot->n_fields++;
  }
  va_end(fields);
  return slot->id_low;
}

void support_flush(struct support_port *port) {
  struct hf_op *ops = port->ops;
  size_t n = port->n_ops;
  enum hf_status status;
  if (n == 0) {
    return;
  }
  port->ops = NULL;
  port->n_ops = 0;
  status = hf_port_submit(port->port, ops, n, port->text, port->text_bytes);
  port->text = NULL;
  port->text_bytes = 0;
  if (status != HF_OK) {
    /*
     * The whole batch was refused: each of its calls gets that as its answer.
     */
    int64_t id;
    for (id = 1; id <= port->last_id; id++) {
      struct call *call = &port->calls[id];
      if (!call->settled && port->last_id - id < (int64_t)n) {
        call->settled = true;
        call->answer.kind = HF_MSG_ERROR;
        call->answer.status = status;
        port->unanswered--;
      }
    }
  }
}

static int open_pool(struct support_port *port,
                     const char *key,
                     int tcp_port,
                     va_list options) {
  struct hf_op op = {.kind = HF_OP_OPEN, .flags = HF_FLAG_EVENTS};
  const char *field;
  struct hf_op *slot;
  char number[16];
  size_t i;
  const char *const fixed[] = {key == NULL ? "" : key,
                               "pg.host",
                               "127.0.0.1",
                               "pg.port",
                               number,
                               "pg.user",
                               "holder",
                               "pg.dbname",
                               "postgres",
                               "pg.sslmode",
                               "disable"};
  (void)snprintf(number, sizeof number, "%d", tcp_port);
  if (key != NULL) {
    op.flags |= HF_FLAG_SHARED;
  }
  op.target = ++port->last_pool;
  slot = begin_op(port, &op);
  for (i = 0; i < sizeof fixed / sizeof *fixed; i++) {
    add_field(port, fixed[i]);
    slot->n_fields++;
  }
  while ((field = va_arg(options, const char *)) != NULL) {
    add_field(port, field);
    slot->n_fields++;
  }
  return op.target;
}

int support_pool(struct support_port *port, int tcp_port, ...) {
  va_list options;
  int pool;
  va_start(options, tcp_port);
  pool = open_pool(port, NULL, tcp_port, options);
  va_end(options);
  return pool;
}

int support_shared_pool(struct support_port *port,
                        const char *key,
                        int tcp_port,
                        ...) {
  va_list options;
  int pool;
  va_start(options, tcp_port);
  pool = open_pool(port, key, tcp_port, options);
  va_end(options);
  return pool;
}

int64_t support_query(struct support_port *port, int pool, const char *sql) {
  struct hf_op op = {.kind = HF_OP_QUERY, .target = pool, .retries = -1};
  return support_op(port, &op, sql, NULL);
}

int64_t support_on_lease(struct support_port *port,
                         int lease,
                         const char *sql) {
  struct hf_op op = {.kind = HF_OP_LEASE_QUERY, .target = lease};
  return support_op(port, &op, sql, NULL);
}

int64_t support_acquire(struct support_port *port, int pool) {
  struct hf_op op = {.kind = HF_OP_ACQUIRE, .target = pool};
  return support_op(port, &op, NULL);
}

int64_t support_release(struct support_port *port, int lease, int flags) {
  struct hf_op op = {.kind = HF_OP_RELEASE, .target = lease, .flags = flags};
  return support_op(port, &op, NULL);
}

int64_t support_end(struct support_port *port, int pool) {
  struct hf_op op = {.kind = HF_OP_END, .target = pool};
  return support_op(port, &op, NULL);
}

void support_abort(struct support_port *port, int64_t id) {
  struct hf_op op = {.kind = HF_OP_ABORT, .id_low = (int32_t)id};
  (void)support_op(port, &op, NULL);
}

void support_reply(struct support_port *port,
                   int64_t question,
                   const char *text,
                   bool failed) {
  struct hf_op op = {.kind = HF_OP_ANSWER,
                     .id_low = (int32_t)question,
                     .flags = failed ? HF_FLAG_FAILED : 0};
  (void)support_op(port, &op, text, NULL);
  support_flush(port);
}

/* ---- messages ------------------------------------------------------------ */

void support_take(struct support_port *port) {
  struct hf_message *message = port->hold ? NULL : hf_port_take(port->port);
  while (message != NULL) {
    struct hf_message *next = message->next;
    support_read_message(port, message);
    hf_message_free(message);
    message = next;
  }
}

/* Takes the messages there are; waits for some when there are none. */
static void pump(struct support_port *port,
                 const char *what,
                 int64_t id,
                 const struct timespec *until) {
  support_flush(port);
  (void)pthread_mutex_lock(&port->lock);
  while (!port->woken) {
    if (pthread_cond_timedwait(&port->changed, &port->lock, until) != 0) {
      (void)fprintf(stderr,
                    "test support: waited in vain for %s %lld\n",
                    what,
                    (long long)id);
      abort();
    }
  }
  port->woken = false;
  (void)pthread_mutex_unlock(&port->lock);
  support_take(port);
}

struct support_answer support_wait(struct support_port *port, int64_t id) {
  struct timespec until = support_limit();
  support_flush(port);
  support_take(port);
  while (!port->calls[id].settled) {
    pump(port, "call", id, &until);
  }
  return port->calls[id].answer;
}

struct support_answer support_ask(struct support_port *port,
                                  int pool,
                                  const char *sql) {
  return support_wait(port, support_query(port, pool, sql));
}

struct support_answer support_say(struct support_port *port,
                                  int lease,
                                  const char *sql) {
  return support_wait(port, support_on_lease(port, lease, sql));
}

struct support_answer support_lease(struct support_port *port, int pool) {
  struct support_answer answer =
      support_wait(port, support_acquire(port, pool));
  support_must(answer.kind == HF_MSG_LEASE, "acquire");
  return answer;
}

int64_t support_question(struct support_port *port, int pool) {
  struct timespec until = support_limit();
  support_flush(port);
  support_take(port);
  for (;;) {
    while (port->read_questions < port->n_questions) {
      int i = port->read_questions++;
      if (port->question_pools[i] == pool) {
        return port->questions[i];
      }
    }
    pump(port, "question of pool", pool, &until);
  }
}

int support_events(struct support_port *port, enum hf_event kind) {
  support_take(port);
  return port->events[kind];
}

const char *support_event_text(struct support_port *port) {
  return port->event_text;
}

void support_wait_events(struct support_port *port, enum hf_event kind, int n) {
  struct timespec until = support_limit();
  while (support_events(port, kind) < n) {
    pump(port, "event", (int64_t)kind, &until);
  }
}

int support_unanswered(struct support_port *port) {
  support_flush(port);
  support_take(port);
  return port->unanswered;
}

double support_stat(struct support_port *port, int pool, const char *name) {
  const char *const *names = hf_stats_names();
  double values[256];
  size_t n = hf_port_stats(port->port, pool, values, 256);
  size_t i;
  for (i = 0; i < n && names[i] != NULL; i++) {
    if (strcmp(names[i], name) == 0) {
      return values[i];
    }
  }
  return -1;
}
