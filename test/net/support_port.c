/* SPDX-License-Identifier: MIT */
/* The client of hf_port_*: see the header. */
#define _GNU_SOURCE

#include "support_port.h"

#include <dirent.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
  WAIT_S = 30,
  POLL_MS = 2,
  OPS_MAX = 512,
  TEXT_MAX = 1 << 18,
  CALLS_MAX = 8192,
  SHAPES_MAX = 4096,
  QUESTIONS_MAX = 64,
  TRIES_MAX = 100,
  EVENT_KINDS = 32,
  PATH_BYTES = 320,
  NAME_BYTES = 32
};

#ifdef __SANITIZE_THREAD__
/*
 * Numbers of descriptors are used again, and ThreadSanitizer takes two uses
 * for a race when nothing but the kernel stands between them: when we look
 * for the end of a thread nobody joins, and when libuv forgets a socket that
 * libpq has closed.
 */
const char *__tsan_default_suppressions(void)
    __attribute__((visibility("default")));
const char *__tsan_default_suppressions(void) {
  return "race:closedir\nrace:opendir\nrace:epoll_ctl\n";
}
#endif

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
  int columns[SHAPES_MAX];
  int64_t questions[QUESTIONS_MAX];
  int question_pools[QUESTIONS_MAX];
  int n_questions, read_questions;
  int events[EVENT_KINDS];
  char event_text[SUPPORT_TEXT_BYTES];
};

static void must(bool ok, const char *what) {
  if (!ok) {
    (void)fprintf(stderr, "test support: %s failed\n", what);
    abort();
  }
}

static void *must_alloc(size_t bytes) {
  void *memory = calloc(1, bytes);
  must(memory != NULL, "calloc");
  return memory;
}

bool support_is_slow(void) {
  const char *build = getenv("HOLDFAST_TEST_BUILD");
  return build != NULL && strcmp(build, "debug") != 0;
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
  must(port != NULL, "hf_port_open");
  return port;
}

static struct timespec limit(void) {
  struct timespec at;
  (void)clock_gettime(CLOCK_REALTIME, &at);
  at.tv_sec += WAIT_S;
  return at;
}

void support_port_close(struct support_port *port) {
  struct timespec at = limit();
  support_flush(port);
  hf_port_close(port->port, on_closed, port);
  (void)pthread_mutex_lock(&port->lock);
  while (!port->closed) {
    must(pthread_cond_timedwait(&port->changed, &port->lock, &at) == 0,
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
  must(port->text_bytes + bytes <= TEXT_MAX, "too much text");
  memcpy(port->text + port->text_bytes, field, bytes);
  port->text_bytes += bytes;
}

/* Memory that runs out on purpose comes back soon. */
static void *must_buffer(size_t bytes) {
  void *buffer = NULL;
  int tries = 0;
  while (buffer == NULL && tries++ < TRIES_MAX) {
    buffer = hf_buffer_alloc(bytes);
  }
  must(buffer != NULL, "hf_buffer_alloc");
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
    must(port->last_id < CALLS_MAX, "too many calls");
    port->unanswered++;
  }
  must(port->n_ops < OPS_MAX, "too many operations");
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
    /* The whole batch was refused: that is the answer of each. */
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

/* Copies `units` of a chunk from `at` on; what is not Latin-1 is cut down. */
static void copy_units(const struct hf_block *block,
                       uint32_t chunk_index,
                       uint32_t at,
                       uint32_t units,
                       char *out,
                       size_t out_bytes) {
  const struct hf_chunk *chunk = &block->chunks[chunk_index];
  const unsigned char *bytes =
      (const unsigned char *)block->bytes + chunk->offset;
  uint32_t i;
  must(at + units <= chunk->length, "a text within its chunk");
  for (i = 0; i < units && i + 1 < out_bytes; i++) {
    out[i] = (char)(chunk->wide ? bytes[(size_t)(at + i) * 2] : bytes[at + i]);
  }
  out[i] = '\0';
}

static void read_cell(const struct hf_block *block,
                      const struct support_port *port,
                      struct support_answer *answer) {
  const int32_t *data = block->ints + HF_RESULT_INTS;
  uint32_t chunk = block->ints[HF_RESULT_COMMAND] == HF_COMMAND_OTHER ? 1 : 0;
  int words;
  answer->cell[0] = '\0';
  answer->columns = port->columns[block->ints[HF_RESULT_SHAPE] % SHAPES_MAX];
  if (answer->rows == 0 || answer->columns == 0) {
    return;
  }
  words = (answer->columns + 31) / 32;
  if ((data[0] & 1) != 0) {
    (void)strcpy(answer->cell, "NULL");
    return;
  }
  copy_units(block,
             chunk,
             0,
             (uint32_t)data[words],
             answer->cell,
             sizeof answer->cell);
}

static void read_result(struct support_port *port,
                        const struct hf_block *block,
                        struct support_answer *answer) {
  const int32_t *ints = block->ints;
  answer->results++;
  answer->rows = ints[HF_RESULT_ROWS];
  answer->attempts = ints[HF_RESULT_ATTEMPTS];
  answer->connection = ints[HF_RESULT_CONNECTION];
  answer->affected = ints[HF_RESULT_AFFECTED_LOW];
  answer->command[0] = '\0';
  if (ints[HF_RESULT_COMMAND] == HF_COMMAND_OTHER) {
    copy_units(block,
               0,
               0,
               block->chunks[0].length,
               answer->command,
               sizeof answer->command);
  }
  read_cell(block, port, answer);
}

static void read_fields(const struct hf_block *block,
                        struct support_answer *answer) {
  uint32_t at = 0;
  while (block->n_chunks > 0 && at < block->chunks[0].length) {
    const struct hf_chunk *chunk = &block->chunks[0];
    char text[SUPPORT_TEXT_BYTES];
    char letter[2];
    uint32_t end = at + 1;
    const char *bytes = block->bytes + chunk->offset;
    while (end < chunk->length &&
           bytes[chunk->wide ? (size_t)end * 2 : end] != '\0') {
      end++;
    }
    copy_units(block, 0, at, 1, letter, sizeof letter);
    copy_units(block, 0, at + 1, end - at - 1, text, sizeof text);
    if (letter[0] == 'C') {
      (void)snprintf(answer->sqlstate, sizeof answer->sqlstate, "%.5s", text);
    } else if (letter[0] == 'M') {
      (void)snprintf(answer->message, sizeof answer->message, "%s", text);
    }
    at = end + 1;
  }
}

static void read_error(const struct hf_block *block,
                       struct support_answer *answer) {
  const int32_t *ints = block->ints;
  answer->status = (enum hf_status)ints[HF_ERROR_STATUS];
  answer->outcome = (enum hf_outcome)ints[HF_ERROR_OUTCOME];
  answer->retryable = ints[HF_ERROR_RETRYABLE] != 0;
  answer->unit = (enum hf_unit)ints[HF_ERROR_UNIT];
  answer->phase = (enum hf_phase)ints[HF_ERROR_PHASE];
  answer->attempts = ints[HF_ERROR_ATTEMPTS];
  answer->elapsed_ms = ints[HF_ERROR_ELAPSED_MS];
  answer->cause = (enum hf_status)ints[HF_ERROR_CAUSE_STATUS];
  read_fields(block, answer);
}

/* Options arrive as name NUL value NUL. */
static void read_options(const struct hf_block *block,
                         struct support_answer *answer) {
  size_t i;
  size_t n = block->n_chunks == 0 ? 0 : block->chunks[0].length;
  size_t last = sizeof answer->options - 1;
  if (n == 0) {
    return;
  }
  copy_units(block, 0, 0, (uint32_t)n, answer->options, last);
  for (i = 0; i < n && i < last - 1; i++) {
    answer->options[i] =
        answer->options[i] == '\0' ? ';' : answer->options[i];
  }
}

static bool read_beside(struct support_port *port,
                        const struct hf_block *block) {
  const int32_t *ints = block->ints;
  switch ((enum hf_msg_kind)ints[HF_INT_KIND]) {
    case HF_MSG_SHAPE:
      must(ints[HF_SHAPE_ID] < SHAPES_MAX, "few shapes");
      port->columns[ints[HF_SHAPE_ID]] = ints[HF_SHAPE_COLUMNS];
      return true;
    case HF_MSG_EVENT:
      port->events[ints[HF_EVENT_KIND]]++;
      if (block->n_chunks > 0) {
        struct support_answer fields = {0};
        read_fields(block, &fields);
        (void)strcpy(port->event_text, fields.message);
      }
      return true;
    case HF_MSG_ASK:
      must(port->n_questions < QUESTIONS_MAX, "few questions");
      port->questions[port->n_questions] = ints[HF_INT_ID_LOW];
      port->question_pools[port->n_questions++] = ints[HF_ASK_POOL];
      return true;
    case HF_MSG_RESULT:
    case HF_MSG_ERROR:
    case HF_MSG_LEASE:
    case HF_MSG_OK:
    case HF_MSG_OPENED:
      break;
  }
  return false;
}

static void read_block(struct support_port *port,
                       const struct hf_block *block) {
  const int32_t *ints = block->ints;
  struct call *call;
  must(block->n_ints == (uint32_t)ints[HF_INT_LENGTH] &&
           block->n_chunks == (uint32_t)ints[HF_INT_CHUNKS] &&
           block->n_nums == (uint32_t)ints[HF_INT_NUMS],
       "a block's counts");
  if (read_beside(port, block)) {
    return;
  }
  must(ints[HF_INT_ID_LOW] > 0 && ints[HF_INT_ID_LOW] <= port->last_id &&
           ints[HF_INT_ID_HIGH] == 0,
       "an id of ours");
  call = &port->calls[ints[HF_INT_ID_LOW]];
  must(!call->settled, "only one answer");
  call->answer.kind = (enum hf_msg_kind)ints[HF_INT_KIND];
  call->settled = true;
  switch (call->answer.kind) {
    case HF_MSG_RESULT:
      read_result(port, block, &call->answer);
      call->settled = (ints[HF_RESULT_FLAGS] & HF_RESULT_MORE) == 0;
      break;
    case HF_MSG_ERROR:
      read_error(block, &call->answer);
      break;
    case HF_MSG_LEASE:
      call->answer.lease = ints[HF_LEASE_NUMBER];
      call->answer.connection = ints[HF_LEASE_CONNECTION];
      call->answer.pid = ints[HF_LEASE_PID];
      call->answer.pooled = ints[HF_LEASE_POOLED];
      break;
    case HF_MSG_OK:
      call->answer.value = ints[HF_OK_STATUS];
      break;
    case HF_MSG_OPENED:
      call->answer.value = ints[HF_OPENED_EXISTING];
      read_options(block, &call->answer);
      break;
    case HF_MSG_SHAPE:
    case HF_MSG_EVENT:
    case HF_MSG_ASK:
      break;
  }
  port->unanswered -= call->settled ? 1 : 0;
}

static void take(struct support_port *port) {
  struct hf_block *block = port->hold ? NULL : hf_port_take(port->port);
  while (block != NULL) {
    struct hf_block *next = block->next;
    read_block(port, block);
    hf_block_free(block);
    block = next;
  }
}

/* Takes what is there; waits for a wake when there is nothing. */
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
  take(port);
}

struct support_answer support_wait(struct support_port *port, int64_t id) {
  struct timespec until = limit();
  support_flush(port);
  take(port);
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
  must(answer.kind == HF_MSG_LEASE, "acquire");
  return answer;
}

int64_t support_question(struct support_port *port, int pool) {
  struct timespec until = limit();
  support_flush(port);
  take(port);
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
  take(port);
  return port->events[kind];
}

const char *support_event_text(struct support_port *port) {
  return port->event_text;
}

void support_wait_events(struct support_port *port,
                         enum hf_event kind,
                         int n) {
  struct timespec until = limit();
  while (support_events(port, kind) < n) {
    pump(port, "event", (int64_t)kind, &until);
  }
}

int support_unanswered(struct support_port *port) {
  support_flush(port);
  take(port);
  return port->unanswered;
}

/* ---- the process --------------------------------------------------------- */

void support_until(bool (*holds)(void *ctx), void *ctx, const char *what) {
  int left = WAIT_S * 1000 / POLL_MS;
  while (!holds(ctx)) {
    (void)poll(NULL, 0, POLL_MS);
    must(left-- > 0, what);
  }
}

static bool is_ours(const char *thread) {
  char path[PATH_BYTES];
  char name[NAME_BYTES] = "";
  FILE *file;
  (void)snprintf(path, sizeof path, "/proc/self/task/%s/comm", thread);
  file = fopen(path, "r");
  if (file == NULL) {
    return false;
  }
  (void)!fgets(name, sizeof name, file);
  (void)fclose(file);
  return strncmp(name, "hf-", 3) == 0;
}

static int count_entries(const char *path, bool (*counts)(const char *name)) {
  DIR *folder = opendir(path);
  struct dirent *entry;
  int n = 0;
  must(folder != NULL, path);
  while ((entry = readdir(folder)) != NULL) {
    if (entry->d_name[0] != '.' && (counts == NULL || counts(entry->d_name))) {
      n++;
    }
  }
  (void)closedir(folder);
  return n;
}

int support_count_threads(void) {
  return count_entries("/proc/self/task", is_ours);
}

int support_count_fds(void) {
  return count_entries("/proc/self/fd", NULL) - 1;
}

static bool is_gone(void *ctx) {
  (void)ctx;
  return support_count_threads() == 0;
}

void support_wait_engine_gone(void) {
  support_until(is_gone, NULL, "the end of the engine's threads");
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
