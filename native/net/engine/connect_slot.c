/* SPDX-License-Identifier: MIT */
/* Opening connections, from the pool's wish to a slot that is ready. */
#include "net/engine/connect_slot.h"

#include <errno.h>
#include <string.h>

#include "core/base/alloc.h"
#include "net/base/clock.h"
#include "net/base/system.h"
#include "net/conn/conn.h"
#include "net/connect/connect.h"
#include "net/connect/connect_error.h"
#include "net/connect/connect_job.h"
#include "net/connect/target.h"
#include "net/engine/credentials.h"
#include "net/engine/netpool.h"
#include "net/engine/pooler.h"
#include "net/engine/port.h"
#include "net/engine/settle.h"
#include "net/wire/message.h"

enum { NS_PER_MS = 1000 * 1000, SETTLE_MIN_MS = 50 };

enum dial_state { ASKING, WORKING, SETTLING, OVER };

struct hf_connect_slot {
  struct hf_netpool *pool;
  struct hf_slot *slot;
  bool stopped; /* the slot waits to hear that it is closed */
  bool refused; /* the server did not take the password; asking for another */
  enum dial_state state;
  uint64_t end_ns;         /* of WORKING and SETTLING */
  bool with_settings;      /* opened with the settings */
  struct hf_settle settle; /* while SETTLING */
  uv_timer_t timer;
  struct hf_connect *connect; /* while WORKING */
  struct hf_handle *asked;    /* while ASKING */
  uint32_t question;
  char *password;        /* that the function gave; or NULL */
  struct hf_error error; /* why it is over */
};

static void on_timer_closed(uv_handle_t *handle) {
  struct hf_connect_slot *dial = handle->data;
  struct hf_netpool *pool = dial->pool;
  struct hf_slot *slot = dial->slot;
  bool stopped = dial->stopped;
  hf_error_finish(&dial->settle.error);
  hf_error_finish(&dial->error);
  hf_system_wipe_text(dial->password);
  hf_free(dial);
  pool->dials--;
  if (stopped) {
    hf_pool_on_closed(&pool->core, slot, hf_clock_us());
  }
  hf_loop_turn(pool->pools->loop);
}

/* The question is none any more. */
static void take_back(struct hf_connect_slot *dial) {
  if (dial->asked != NULL) {
    (void)hf_map_remove(&dial->asked->port->asks, dial->question);
    dial->asked = NULL;
  }
}

/* Everything of the dial goes; the slot is told by the caller, or later. */
static void end(struct hf_connect_slot *dial) {
  dial->state = OVER;
  take_back(dial);
  if (dial->connect != NULL) {
    hf_connect_stop(dial->connect);
    dial->connect = NULL;
  }
  dial->slot->connect = NULL;
  uv_close((uv_handle_t *)&dial->timer, on_timer_closed);
}

static void fail(struct hf_connect_slot *dial) {
  struct hf_pool *core = &dial->pool->core;
  struct hf_slot *slot = dial->slot;
  struct hf_error error;
  hf_error_init(&error);
  hf_error_move(&error, &dial->error);
  end(dial);
  hf_pool_on_connect_failed(core, slot, &error, hf_clock_us());
  hf_error_finish(&error);
}

static void succeed(struct hf_connect_slot *dial) {
  struct hf_pool *core = &dial->pool->core;
  struct hf_slot *slot = dial->slot;
  end(dial);
  hf_pool_on_connected(core, slot, hf_clock_us());
}

/* ---- the beginning ------------------------------------------------------- */

static void on_connect_over(void *ctx,
                            struct hf_connect_job *job,
                            const struct hf_error *error);

/* The time for connecting begins here, however long a password took. */
static bool start_work(struct hf_connect_slot *dial) {
  struct hf_netpool *pool = dial->pool;
  int32_t limit_ms = pool->core.config.connect_timeout_ms;
  struct hf_connect_options options = {
      .loop = pool->pools->loop,
      .target = pool->target,
      .password = dial->password,
      .with_settings = hf_pooler_takes_settings_at_start(pool),
      .detect_proxy = hf_pooler_is_sought(pool),
      .pid_is_optional = true,
      .limit_ms = limit_ms,
      .done = on_connect_over,
      .ctx = dial};
  dial->with_settings = options.with_settings;
  (void)uv_timer_stop(&dial->timer);
  dial->end_ns = hf_clock_ns() + (uint64_t)limit_ms * NS_PER_MS;
  dial->connect = hf_connect_start(&options);
  if (dial->connect == NULL) {
    hf_error_set(&dial->error, HF_NO_MEMORY, HF_PHASE_CONNECT, NULL);
    return false;
  }
  dial->state = WORKING;
  return true;
}

/* The oldest handle that is not about to end; else any. */
static struct hf_handle *whom_to_ask(const struct hf_netpool *pool) {
  struct hf_handle *found = NULL;
  struct hf_link *link;
  HF_LIST_EACH(link, &pool->handles) {
    struct hf_handle *handle = HF_CONTAINER_OF(link, struct hf_handle, of_pool);
    if (found == NULL || (found->ending && !handle->ending)) {
      found = handle;
    }
  }
  return found;
}

static bool ask(struct hf_connect_slot *dial) {
  struct hf_handle *handle = whom_to_ask(dial->pool);
  struct hf_message *message;
  if (handle == NULL) {
    hf_error_set(&dial->error, HF_POOL_CLOSED, HF_PHASE_CONNECT, NULL);
    return false;
  }
  dial->question = ++handle->port->last_ask;
  message = hf_message_new(HF_MSG_ASK,
                           HF_ASK_INTS,
                           (int32_t)dial->question,
                           0,
                           "password",
                           8);
  if (message == NULL ||
      hf_map_set(&handle->port->asks, dial->question, dial) != HF_OK) {
    hf_message_free(message);
    hf_error_set(&dial->error, HF_NO_MEMORY, HF_PHASE_CONNECT, NULL);
    return false;
  }
  message->ints[HF_ASK_POOL] = handle->number;
  dial->asked = handle;
  hf_outbox_send(&handle->port->outbox, message);
  return true;
}

/* Begins, or begins again; false with the error set when that fails. */
static bool begin(struct hf_connect_slot *dial) {
  dial->state = ASKING;
  return dial->pool->asks_password ? ask(dial) : start_work(dial);
}

static void on_timer(uv_timer_t *timer) {
  struct hf_connect_slot *dial = timer->data;
  struct hf_loop *loop = dial->pool->pools->loop;
  if (dial->state == SETTLING) {
    /* The connection tells us when it has failed. */
    struct hf_conn *conn = dial->slot->conn;
    hf_error_set(&conn->final_error,
                 HF_CONNECT_TIMEOUT,
                 HF_PHASE_CONNECT,
                 NULL);
    hf_conn_fail(conn);
  } else {
    if (dial->error.status == HF_OK) {
      hf_error_set(&dial->error,
                   HF_CONNECT_TIMEOUT,
                   HF_PHASE_CONNECT,
                   "the password function gave no password within "
                   "connectTimeoutMillis");
    }
    fail(dial);
  }
  hf_loop_turn(loop);
}

static void start(struct hf_connect_slot *dial) {
  uint64_t limit_ms = (uint64_t)dial->pool->core.config.connect_timeout_ms;
  if (!begin(dial)) {
    /* What fails at once is told from the loop, not from within the core. */
    (void)uv_timer_start(&dial->timer, on_timer, 0, 0);
  } else if (dial->state == ASKING) {
    (void)uv_timer_start(&dial->timer, on_timer, limit_ms, 0);
  }
}

/* ---- the connection ------------------------------------------------------ */

static uint64_t time_left_ms(const struct hf_connect_slot *dial) {
  uint64_t now_ns = hf_clock_ns();
  uint64_t left_ms =
      now_ns < dial->end_ns ? (dial->end_ns - now_ns) / NS_PER_MS : 0;
  return left_ms < SETTLE_MIN_MS ? SETTLE_MIN_MS : left_ms;
}

/* Does what comes next of a connection that is open. */
static void follow(struct hf_connect_slot *dial,
                   enum hf_settle_verdict verdict) {
  switch (verdict) {
  case HF_SETTLE_ASKED:
    dial->state = SETTLING;
    (void)uv_timer_start(&dial->timer, on_timer, time_left_ms(dial), 0);
    break;
  case HF_SETTLE_DONE:
    succeed(dial);
    break;
  case HF_SETTLE_FAILED:
    hf_error_move(&dial->error, &dial->settle.error);
    hf_conn_close(dial->slot->conn);
    fail(dial);
    break;
  case HF_SETTLE_AGAIN:
    hf_conn_close(dial->slot->conn);
    start(dial);
    break;
  }
}

static void use_connection(struct hf_connect_slot *dial,
                           struct hf_connect_job *job) {
  struct hf_netpool *pool = dial->pool;
  struct hf_slot *slot = dial->slot;
  struct hf_conn *conn;
  slot->proxied = hf_pooler_judge(pool, job);
  slot->server_answered = job->pid_detected;
  slot->unit_is_transaction = false;
  slot->backend_pid = job->backend_pid;
  conn = hf_conn_new(&pool->shared, slot, hf_connect_job_take(job));
  if (conn == NULL) {
    (void)hf_connect_error_system(&dial->error, errno, HF_NO_WATCH);
    fail(dial);
    return;
  }
  slot->conn = conn;
  hf_pooler_compare(pool, slot);
  follow(dial, hf_settle_begin(&dial->settle, pool, slot, dial->with_settings));
}

/*
 * PgBouncer refuses start-up parameters it does not know. Settings go another
 * way then, and a name that is only shown is left out, for good.
 */
static bool goes_without(struct hf_connect_slot *dial,
                         const struct hf_error *error) {
  static const char refusal[] = "unsupported startup parameter: ";
  const char *message = hf_error_field(error, 'M');
  const char *at = message == NULL ? NULL : strstr(message, refusal);
  if (dial->with_settings && hf_pooler_refuses_start(error) &&
      (at == NULL || strstr(at, "application_name") == NULL)) {
    dial->pool->start_refused = true;
    return true;
  }
  return strcmp(error->sqlstate, "08P01") == 0 && at != NULL &&
         hf_target_omit(dial->pool->target, at + strlen(refusal));
}

/*
 * The server did not take the function's password, which may have expired on
 * the way: the function is asked once more. Returns whether that was begun.
 */
static bool ask_again(struct hf_connect_slot *dial,
                      const struct hf_error *error) {
  if (dial->password == NULL || !hf_credentials_are_refused(error)) {
    return false;
  }
  hf_credentials_note_refused(&dial->pool->credentials, dial->password, error);
  if (dial->refused) {
    return false;
  }
  dial->refused = true;
  start(dial);
  return true;
}

static void on_connect_over(void *ctx,
                            struct hf_connect_job *job,
                            const struct hf_error *error) {
  struct hf_connect_slot *dial = ctx;
  dial->connect = NULL; /* ends by itself */
  if (job != NULL) {
    hf_credentials_note_used(&dial->pool->credentials, dial->password);
    use_connection(dial, job);
    hf_connect_job_free(job);
  } else if (goes_without(dial, error)) {
    start(dial);
  } else if (!ask_again(dial, error)) {
    hf_error_copy(&dial->error, error);
    fail(dial);
  }
}

/* ---- beginning and end --------------------------------------------------- */

static struct hf_connect_slot *dial_new(struct hf_netpool *pool,
                                        struct hf_slot *slot) {
  struct hf_connect_slot *dial = hf_calloc(1, sizeof *dial);
  if (dial == NULL) {
    return NULL;
  }
  dial->pool = pool;
  dial->slot = slot;
  dial->timer.data = dial;
  hf_error_init(&dial->error);
  hf_error_init(&dial->settle.error);
  (void)uv_timer_init(&pool->pools->loop->uv, &dial->timer);
  pool->dials++;
  return dial;
}

void hf_connect_slot_open(struct hf_netpool *pool, struct hf_slot *slot) {
  struct hf_connect_slot *dial = dial_new(pool, slot);
  slot->connect = dial;
  if (dial == NULL) {
    /* No memory even for the failure: the breaker's pace tries again. */
    hf_netpool_fail_later(pool, slot);
    return;
  }
  start(dial);
}

void hf_connect_slot_stop(struct hf_connect_slot *dial) {
  if (dial->state == SETTLING) {
    struct hf_conn *conn = dial->slot->conn;
    end(dial);
    hf_conn_close(conn);
    return;
  }
  dial->stopped = true;
  end(dial);
}

void hf_connect_slot_on_settled(struct hf_connect_slot *dial) {
  follow(dial, hf_settle_go_on(&dial->settle));
}

/* The same password as a moment ago would only be refused once more. */
static bool is_known_to_fail(struct hf_connect_slot *dial) {
  const struct hf_error *refusal =
      hf_credentials_refusal(&dial->pool->credentials, dial->password);
  if (refusal == NULL) {
    return false;
  }
  hf_error_copy(&dial->error, refusal);
  return true;
}

void hf_connect_slot_on_password(struct hf_connect_slot *dial,
                                 const char *password,
                                 const char *message,
                                 bool permanent) {
  if (dial->state != ASKING) {
    return;
  }
  dial->asked = NULL;
  if (password == NULL && permanent) {
    hf_error_set(&dial->error, HF_AUTH_ERROR, HF_PHASE_CONNECT, message);
    fail(dial);
  } else if (password == NULL) {
    hf_credentials_fail(&dial->error, message);
    fail(dial);
  } else {
    hf_system_wipe_text(dial->password);
    dial->password = hf_strndup(password, strlen(password));
    if (dial->password == NULL) {
      hf_error_set(&dial->error, HF_NO_MEMORY, HF_PHASE_CONNECT, NULL);
      fail(dial);
    } else if (is_known_to_fail(dial) || !start_work(dial)) {
      fail(dial);
    }
  }
}

struct hf_handle *hf_connect_slot_asked(const struct hf_connect_slot *dial) {
  return dial->asked;
}

void hf_connect_slot_ask_another(struct hf_connect_slot *dial) {
  take_back(dial);
  if (!ask(dial)) {
    fail(dial);
  }
}
