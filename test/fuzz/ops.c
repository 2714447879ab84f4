/* SPDX-License-Identifier: MIT */
/*
 * Any batch of operations: nothing crashes or hangs, and each operation that
 * has an answer gets it once. Pools connect to a closed port, or to a server
 * that accepts everything; no name is looked up. See `make fuzz-ops`.
 *
 * Input: whether there is a server, then operations of ten bytes each, up to
 * one of kind 0, then the text of their fields. PAUSE in place of an operation
 * hands over what there is, and waits some milliseconds for answers.
 */
#define _GNU_SOURCE

#include <pthread.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "fuzz.h"
#include "holdfast.h"
#include "net/base/worker.h"
#include "net/engine/engine.h"
#include "net/engine/port.h"
#include "network.h"
#include "support_server.h"

enum {
  OPS_MAX = 48,
  TARGETS = 6, /* of which two are opened beforehand */
  IDS = OPS_MAX + 2 * TARGETS,
  PAUSE = HF_OP_WRITE + 1, /* neither this nor the next number is a kind */
  PAUSE_MS = 20,
  SHORT_MS = 30,
  WAIT_S = 20
};

struct scene {
  struct fake_plan plan;
  struct fake_server *server;
  struct hf_port *port;
  struct hf_op *ops;
  size_t n_ops;
  char *text;
  size_t text_bytes;
  int32_t last_id;
  bool due[IDS]; /* by id: an answer is to come */
  int n_due;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static bool woken, closed;

/* ---- waiting ------------------------------------------------------------- */

static void on_wake(void *ctx) {
  (void)ctx;
  (void)pthread_mutex_lock(&lock);
  woken = true;
  (void)pthread_cond_signal(&changed);
  (void)pthread_mutex_unlock(&lock);
}

static void on_closed(void *ctx) {
  (void)ctx;
  (void)pthread_mutex_lock(&lock);
  closed = true;
  (void)pthread_cond_signal(&changed);
  (void)pthread_mutex_unlock(&lock);
}

static void wait_for(const bool *flag, const char *what) {
  struct timespec limit;
  (void)clock_gettime(CLOCK_REALTIME, &limit);
  limit.tv_sec += WAIT_S;
  (void)pthread_mutex_lock(&lock);
  while (!*flag) {
    if (pthread_cond_timedwait(&changed, &lock, &limit) != 0) {
      (void)fprintf(stderr, "no end of %s\n", what);
      abort();
    }
  }
  woken = false;
  (void)pthread_mutex_unlock(&lock);
}

/* ---- the batch ----------------------------------------------------------- */

static bool is_answered(int32_t kind) {
  switch ((enum hf_op_kind)kind) {
  case HF_OP_OPEN:
  case HF_OP_QUERY:
  case HF_OP_ACQUIRE:
  case HF_OP_LEASE_QUERY:
  case HF_OP_FINISH:
  case HF_OP_RELEASE:
  case HF_OP_END:
  case HF_OP_WARMUP:
  case HF_OP_HEALTH:
  case HF_OP_RESET:
  case HF_OP_SUSPEND:
  case HF_OP_RESUME:
  case HF_OP_DEALLOCATE:
  case HF_OP_INVALIDATE:
  case HF_OP_LISTEN:
  case HF_OP_UNLISTEN:
  case HF_OP_ONCE:
    return true;
  case HF_OP_ABORT:
  case HF_OP_ANSWER:
  case HF_OP_HOOK:
  case HF_OP_READ:
  case HF_OP_WRITE:
    break;
  }
  return false;
}

static int32_t least_fields(const struct hf_op *op) {
  switch ((enum hf_op_kind)op->kind) {
  case HF_OP_QUERY:
  case HF_OP_LEASE_QUERY:
  case HF_OP_FINISH:
    return (op->flags & HF_FLAG_NAMED) != 0 ? 2 : 1;
  case HF_OP_LISTEN:
    return (op->flags & HF_FLAG_CACHE) != 0 ? 2 : 1;
  case HF_OP_OPEN:
  case HF_OP_UNLISTEN:
    return 1;
  case HF_OP_ONCE:
    return 2;
  default:
    return 0;
  }
}

/*
 * Whether the text holds all fields of an operation; without them it gets no
 * answer.
 */
static bool is_whole(const struct hf_op *op, const char **at, const char *end) {
  int32_t i;
  if (op->kind == HF_OP_WRITE) { /* its bytes are no fields */
    *at += op->portion >= 0 && op->portion <= end - *at ? op->portion : 0;
    return true;
  }
  if (op->n_fields < least_fields(op) || op->n_fields > end - *at) {
    return false;
  }
  for (i = 0; i < op->n_fields; i++) {
    const char *nul = memchr(*at, '\0', (size_t)(end - *at));
    if (nul == NULL) {
      return false;
    }
    *at = nul + 1;
  }
  return true;
}

/* Mostly a small count, sometimes one that makes no sense. */
static int32_t read_count(struct fuzz *fuzz) {
  int byte = fuzz_byte(fuzz);
  if (byte == 255) {
    return fuzz_word(fuzz);
  }
  return byte >= 250 ? 249 - byte : byte % 80;
}

static void read_op(struct fuzz *fuzz, int kind, struct hf_op *op) {
  memset(op, 0, sizeof *op);
  op->kind = kind;
  op->n_fields = read_count(fuzz);
  op->target = fuzz_byte(fuzz) % TARGETS;
  op->flags = fuzz_byte(fuzz) << 8;
  op->flags |= fuzz_byte(fuzz);
  if ((kind == HF_OP_QUERY || kind == HF_OP_LEASE_QUERY) &&
      (op->flags & HF_FLAG_FORCE) != 0) { /* means nothing there */
    op->flags |= HF_FLAG_SETTINGS;
  }
  if ((kind == HF_OP_QUERY || kind == HF_OP_LEASE_QUERY) &&
      (op->flags & HF_FLAG_CLOSE) != 0) { /* the same */
    op->flags |= HF_FLAG_BATCH;
  }
  if (kind == HF_OP_ONCE) {
    op->flags |= HF_FLAG_BATCH;
  }
  op->decode = fuzz_byte(fuzz);
  if ((op->decode & 0x80) != 0) { /* no type has this bit */
    op->flags |= HF_FLAG_STREAM;
    op->portion = 1;
  }
  if ((kind == HF_OP_QUERY || kind == HF_OP_LEASE_QUERY) &&
      (op->flags & (HF_FLAG_EVENTS | HF_FLAG_FAILED)) != 0) { /* as above */
    op->flags |=
        (op->flags & HF_FLAG_EVENTS) != 0 ? HF_FLAG_COPY_IN : HF_FLAG_COPY_OUT;
  }
  op->deadline_ms = fuzz_byte(fuzz) % SHORT_MS;
  op->acquire_ms = 1 + fuzz_byte(fuzz) % SHORT_MS;
  op->timeout_ms = 1 + fuzz_byte(fuzz) % SHORT_MS;
  op->retries = fuzz_byte(fuzz) % 5 - 1;
  if (kind == HF_OP_WRITE) {
    op->portion = read_count(fuzz);
  }
  if (kind == HF_OP_ABORT || kind == HF_OP_READ || kind == HF_OP_WRITE) {
    op->id_low = -fuzz_byte(fuzz) % 8; /* one of the earlier ones */
  }
}

/* ---- answers ------------------------------------------------------------- */

static bool settles(const struct hf_message *message) {
  switch ((enum hf_msg_kind)message->ints[HF_INT_KIND]) {
  case HF_MSG_RESULT:
    return (message->ints[HF_RESULT_FLAGS] & HF_RESULT_MORE) == 0;
  case HF_MSG_ERROR:
  case HF_MSG_LEASE:
  case HF_MSG_OK:
  case HF_MSG_OPENED:
  case HF_MSG_HEALTH:
    return true;
  case HF_MSG_ROW_DESCRIPTION:
  case HF_MSG_EVENT:
  case HF_MSG_ASK:
  case HF_MSG_COPY:
    break;
  }
  return false;
}

static void take(struct scene *scene, struct hf_message *message) {
  const int32_t *ints = message->ints;
  int32_t id = ints[HF_INT_ID_LOW];
  demand((uint32_t)ints[HF_INT_LENGTH] == message->n_ints);
  if (settles(message)) {
    demand(id > 0 && id < IDS && scene->due[id]);
    scene->due[id] = false;
    scene->n_due--;
  }
}

static void take_all(struct scene *scene) {
  struct hf_message *message = hf_port_take(scene->port);
  while (message != NULL) {
    struct hf_message *next = message->next;
    take(scene, message);
    hf_message_free(message);
    message = next;
  }
}

static void wait_a_little(struct scene *scene) {
  int i;
  for (i = 0; i < PAUSE_MS && scene->n_due > 0; i++) {
    (void)usleep(1000);
    take_all(scene);
  }
}

/* ---- the input ----------------------------------------------------------- */

static void new_batch(struct scene *scene, const char *text, size_t bytes) {
  scene->ops = hf_buffer_alloc(OPS_MAX * sizeof *scene->ops);
  scene->text = hf_buffer_alloc(bytes + 1);
  scene->n_ops = 0;
  scene->text_bytes = bytes;
  demand(scene->ops != NULL && scene->text != NULL);
  if (bytes > 0) {
    memcpy(scene->text, text, bytes);
  }
}

static struct hf_op *add_op(struct scene *scene, int kind, int target) {
  struct hf_op *op = &scene->ops[scene->n_ops++];
  memset(op, 0, sizeof *op);
  op->kind = kind;
  op->target = target;
  op->id_low = ++scene->last_id;
  op->timeout_ms = 1;
  return op;
}

/* Returns how much of the text the operations have used. */
static size_t hand_over(struct scene *scene) {
  const char *at = scene->text;
  const char *end = at + scene->text_bytes;
  size_t used;
  size_t i;
  for (i = 0; i < scene->n_ops; i++) {
    const struct hf_op *op = &scene->ops[i];
    if (is_whole(op, &at, end) && is_answered(op->kind)) {
      scene->due[op->id_low] = true;
      scene->n_due++;
    }
  }
  used = (size_t)(at - scene->text);
  demand(hf_port_submit(scene->port,
                        scene->ops,
                        scene->n_ops,
                        scene->text,
                        scene->text_bytes) == HF_OK);
  return used;
}

static void open_pool(struct scene *scene, int number, int port) {
  static const char fields[] =
      "\0pg.host\0"
      "127.0.0.1\0pg.user\0u\0pg.sslmode\0disable\0pg.port";
  char text[sizeof fields + 16];
  int digits;
  memcpy(text, fields, sizeof fields);
  digits = snprintf(text + sizeof fields, 16, "%d", port);
  new_batch(scene, text, sizeof fields + (size_t)digits + 1);
  add_op(scene, HF_OP_OPEN, number)->n_fields = 9;
  (void)hand_over(scene);
}

static void submit_input(struct scene *scene, struct fuzz *fuzz) {
  struct hf_op ops[OPS_MAX];
  const char *text;
  size_t bytes, used;
  int n = 0;
  int i = 0;
  int kind;
  while (n < OPS_MAX && (kind = fuzz_byte(fuzz) % (PAUSE + 2)) != 0) {
    read_op(fuzz, kind, &ops[n++]);
  }
  text = (const char *)fuzz_bytes(fuzz, fuzz->left, &bytes);
  while (i < n) {
    new_batch(scene, text, bytes);
    for (; i < n && ops[i].kind != PAUSE; i++) {
      ops[i].id_low += ++scene->last_id;
      scene->ops[scene->n_ops++] = ops[i];
    }
    used = hand_over(scene);
    text += used;
    bytes -= used;
    if (i++ < n) {
      wait_a_little(scene);
    }
  }
}

/* Ends every pool at once, with what is under way. */
static void submit_ends(struct scene *scene) {
  int i;
  new_batch(scene, NULL, 0);
  for (i = 0; i < TARGETS; i++) {
    (void)add_op(scene, HF_OP_END, i);
  }
  (void)hand_over(scene);
}

static bool is_at_rest(struct hf_workers *workers) {
  const struct hf_workers_counts counts = hf_workers_count(workers);
  return counts.busy + counts.stuck + counts.queued == 0;
}

/*
 * Jobs may outlive their connections. Until they end, only their stacks refer
 * to what libpq has allocated for them, and LeakSanitizer may not find it
 * there.
 */
static void wait_for_workers(const struct hf_loop *loop) {
  int ms;
  for (ms = 0; !is_at_rest(loop->connectors) || !is_at_rest(loop->resolvers) ||
               !is_at_rest(loop->cancelers);
       ms++) {
    demand(ms < WAIT_S * 1000);
    (void)usleep(1000);
  }
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t bytes) {
  static struct hf_port *keeper; /* the engine's thread stays between inputs */
  struct scene scene = {.plan = {.key_pid = 7}};
  struct fuzz fuzz = {data, bytes};
  if (keeper == NULL) {
    demand(hf_port_open(on_wake, NULL, &keeper) == HF_OK);
  }
  (void)pthread_mutex_lock(&lock);
  woken = closed = false;
  (void)pthread_mutex_unlock(&lock);
  if (fuzz_byte(&fuzz) % 2 == 1) {
    scene.server = fake_server_start(&scene.plan);
  }
  atomic_store(&served, scene.server ? fake_server_port(scene.server) : 2);
  demand(hf_port_open(on_wake, NULL, &scene.port) == HF_OK);
  open_pool(&scene, 1, atomic_load(&served));
  open_pool(&scene, 2, 1);
  submit_input(&scene, &fuzz);
  hf_port_catch_up(scene.port);
  submit_ends(&scene);
  for (take_all(&scene); scene.n_due > 0; take_all(&scene)) {
    wait_for(&woken, "the answers");
  }
  hf_port_close(scene.port, on_closed, NULL);
  wait_for(&closed, "closing the port");
  wait_for_workers(&keeper->engine->loop);
  if (scene.server != NULL) {
    fake_server_stop(scene.server);
  }
  return 0;
}
