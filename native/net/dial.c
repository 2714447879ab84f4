/* SPDX-License-Identifier: MIT */
/* Opening connections, from the pool's wish to a slot that is ready. */
#include "dial.h"

#include <string.h>

#include "block.h"
#include "conn.h"
#include "connect/connect.h"
#include "connector.h"
#include "core/alloc.h"
#include "engine/credentials.h"
#include "netpool.h"
#include "port.h"
#include "target.h"

enum { US_PER_MS = 1000, NS_PER_MS = 1000 * 1000, SETTLE_MIN_MS = 50 };

enum dial_state { ASKING, WORKING, SETTLING, OVER };

struct hf_dial {
  struct hf_netpool *pool;
  struct hf_slot *slot;
  bool stopped; /* the slot waits to hear that it is closed */
  bool refused; /* the server did not take the password; asking for another */
  enum dial_state state;
  uint64_t end_ns; /* of WORKING and SETTLING */
  uv_timer_t timer;
  struct hf_connect *connect; /* while WORKING */
  struct hf_handle *asked;    /* while ASKING */
  uint32_t question;
  char *password;        /* that the function gave; or NULL */
  struct hf_error error; /* why it is over */
};

static void on_timer_closed(uv_handle_t *handle) {
  struct hf_dial *dial = handle->data;
  struct hf_netpool *pool = dial->pool;
  struct hf_slot *slot = dial->slot;
  bool stopped = dial->stopped;
  hf_error_finish(&dial->error);
  hf_credentials_wipe(dial->password);
  hf_free(dial);
  pool->dials--;
  if (stopped) {
    hf_pool_on_closed(&pool->core, slot, hf_engine_now_us());
  }
  hf_engine_turn(pool->engine);
}

/* The question is none any more. */
static void take_back(struct hf_dial *dial) {
  if (dial->asked != NULL) {
    (void)hf_map_remove(&dial->asked->port->asks, dial->question);
    dial->asked = NULL;
  }
}

/* Everything of the dial goes; the slot is told by the caller, or later. */
static void end(struct hf_dial *dial) {
  dial->state = OVER;
  take_back(dial);
  if (dial->connect != NULL) {
    hf_connect_stop(dial->connect);
    dial->connect = NULL;
  }
  dial->slot->dial = NULL;
  uv_close((uv_handle_t *)&dial->timer, on_timer_closed);
}

static void fail(struct hf_dial *dial) {
  struct hf_pool *core = &dial->pool->core;
  struct hf_slot *slot = dial->slot;
  struct hf_error error;
  hf_error_init(&error);
  hf_error_move(&error, &dial->error);
  end(dial);
  hf_pool_on_connect_failed(core, slot, &error, hf_engine_now_us());
  hf_error_finish(&error);
}

static void succeed(struct hf_dial *dial) {
  struct hf_pool *core = &dial->pool->core;
  struct hf_slot *slot = dial->slot;
  end(dial);
  hf_pool_on_connected(core, slot, hf_engine_now_us());
}

/* ---- the beginning --------------------------------------------------------
 */

static void on_connect_over(void *ctx,
                            struct hf_connect_job *job,
                            const struct hf_error *error);

static bool detects(const struct hf_netpool *pool) {
  return pool->core.doubted ||
         (pool->core.config.pooler == HF_POOLER_AUTO && !pool->proxied);
}

/* The time for connecting begins here, however long a password took. */
static bool start_work(struct hf_dial *dial) {
  struct hf_netpool *pool = dial->pool;
  int32_t limit_ms = pool->core.config.connect_timeout_ms;
  struct hf_connect_wish wish = {.engine = pool->engine,
                                 .target = pool->target,
                                 .password = dial->password,
                                 .detect_proxy = detects(pool),
                                 .pid_is_optional = true,
                                 .limit_ms = limit_ms,
                                 .done = on_connect_over,
                                 .ctx = dial};
  (void)uv_timer_stop(&dial->timer);
  dial->end_ns = hf_clock_ns() + (uint64_t)limit_ms * NS_PER_MS;
  dial->connect = hf_connect_start(&wish);
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

static bool ask(struct hf_dial *dial) {
  struct hf_handle *handle = whom_to_ask(dial->pool);
  struct hf_block *block;
  if (handle == NULL) {
    hf_error_set(&dial->error, HF_POOL_CLOSED, HF_PHASE_CONNECT, NULL);
    return false;
  }
  dial->question = ++handle->port->last_ask;
  block = hf_block_message(HF_MSG_ASK,
                           HF_ASK_INTS,
                           (int32_t)dial->question,
                           0,
                           "password",
                           8);
  if (block == NULL ||
      hf_map_set(&handle->port->asks, dial->question, dial) != HF_OK) {
    hf_block_free(block);
    hf_error_set(&dial->error, HF_NO_MEMORY, HF_PHASE_CONNECT, NULL);
    return false;
  }
  block->ints[HF_ASK_POOL] = handle->number;
  dial->asked = handle;
  hf_port_send(handle->port, block);
  return true;
}

/* Begins, or begins again; false with the error set when that fails. */
static bool begin(struct hf_dial *dial) {
  dial->state = ASKING;
  return dial->pool->asks_password ? ask(dial) : start_work(dial);
}

static void on_timer(uv_timer_t *timer) {
  struct hf_dial *dial = timer->data;
  struct hf_engine *engine = dial->pool->engine;
  if (dial->state == SETTLING) {
    /* The connection tells us when it has failed. */
    struct hf_conn *conn = dial->slot->conn;
    hf_error_set(&conn->last_words, HF_CONNECT_TIMEOUT, HF_PHASE_CONNECT, NULL);
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
  hf_engine_turn(engine);
}

static void start(struct hf_dial *dial) {
  uint64_t limit_ms = (uint64_t)dial->pool->core.config.connect_timeout_ms;
  if (!begin(dial)) {
    /* What fails at once is told from the loop, not from within the core. */
    (void)uv_timer_start(&dial->timer, on_timer, 0, 0);
  } else if (dial->state == ASKING) {
    (void)uv_timer_start(&dial->timer, on_timer, limit_ms, 0);
  }
}

/* ---- the connection ---------------------------------------------------------
 */

/* Whether the connection is taken for a pooler's. */
static bool is_proxied(struct hf_netpool *pool,
                       const struct hf_connect_job *job) {
  enum hf_pooler_mode mode = pool->core.config.pooler;
  if (mode == HF_POOLER_NONE || mode == HF_POOLER_SESSION) {
    return false;
  }
  if (mode == HF_POOLER_TRANSACTION || pool->proxied) {
    return true;
  }
  pool->proxied = job->proxied || !job->pid_detected;
  return pool->proxied;
}

/* It would run on server connections that others use. */
static void warn_of_connect_sql(struct hf_netpool *pool, struct hf_slot *slot) {
  struct hf_error warning;
  pool->has_connect_sql = false;
  hf_error_init(&warning);
  hf_error_set(&warning,
               HF_SESSION_REQUIRED,
               HF_PHASE_CONNECT,
               "onConnect SQL is not run behind a connection pooler: use "
               "settings, or connect directly");
  hf_netpool_event(pool, slot, HF_EVENT_WARNING, &warning);
  hf_error_finish(&warning);
}

static uint64_t time_left_ms(const struct hf_dial *dial) {
  uint64_t now_ns = hf_clock_ns();
  uint64_t left_ms =
      now_ns < dial->end_ns ? (dial->end_ns - now_ns) / NS_PER_MS : 0;
  return left_ms < SETTLE_MIN_MS ? SETTLE_MIN_MS : left_ms;
}

static void use_connection(struct hf_dial *dial, struct hf_connect_job *job) {
  struct hf_netpool *pool = dial->pool;
  struct hf_slot *slot = dial->slot;
  struct hf_conn *conn;
  slot->proxied = is_proxied(pool, job);
  slot->answered = job->pid_detected;
  slot->backend_pid = job->backend_pid;
  conn = hf_conn_new(pool, slot, hf_connect_job_take(job));
  if (conn == NULL) {
    hf_error_set(&dial->error, HF_NO_MEMORY, HF_PHASE_CONNECT, NULL);
    fail(dial);
    return;
  }
  slot->conn = conn;
  if (slot->proxied && pool->has_connect_sql) {
    warn_of_connect_sql(pool, slot);
  }
  if (slot->proxied || pool->session_sql == NULL) {
    succeed(dial);
    return;
  }
  dial->state = SETTLING;
  (void)uv_timer_start(&dial->timer, on_timer, time_left_ms(dial), 0);
  hf_conn_run_chore(conn, HF_CHORE_SETTINGS, pool->session_sql);
}

/*
 * PgBouncer refuses start-up parameters it does not know. What can be left out
 * is left out, for good.
 */
static bool goes_without(struct hf_dial *dial, const struct hf_error *error) {
  static const char refusal[] = "unsupported startup parameter";
  const char *message = hf_error_field(error, 'M');
  const char *at = message == NULL ? NULL : strstr(message, refusal);
  const char *name;
  if (strcmp(error->sqlstate, "08P01") != 0 || at == NULL) {
    return false;
  }
  name = at + strlen(refusal);
  if (strncmp(name, " in ", 4) == 0) {
    name += 4; /* "... in options: search_path" */
  } else if (strncmp(name, ": ", 2) == 0) {
    name += 2;
  }
  return hf_target_drop(dial->pool->target, name);
}

/*
 * The server did not take the function's password, which may have expired on
 * the way: the function is asked once more. Returns whether that was begun.
 */
static bool ask_again(struct hf_dial *dial, const struct hf_error *error) {
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
  struct hf_dial *dial = ctx;
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

static struct hf_dial *dial_new(struct hf_netpool *pool, struct hf_slot *slot) {
  struct hf_dial *dial = hf_calloc(1, sizeof *dial);
  if (dial == NULL) {
    return NULL;
  }
  dial->pool = pool;
  dial->slot = slot;
  dial->timer.data = dial;
  hf_error_init(&dial->error);
  (void)uv_timer_init(&pool->engine->loop, &dial->timer);
  pool->dials++;
  return dial;
}

void hf_dial_open(struct hf_netpool *pool, struct hf_slot *slot) {
  struct hf_dial *dial = dial_new(pool, slot);
  slot->dial = dial;
  if (dial == NULL) {
    /* No memory even for the failure: the breaker's pace tries again. */
    hf_netpool_fail_later(pool, slot);
    return;
  }
  start(dial);
}

void hf_dial_stop(struct hf_dial *dial) {
  if (dial->state == SETTLING) {
    struct hf_conn *conn = dial->slot->conn;
    end(dial);
    hf_conn_close(conn);
    return;
  }
  dial->stopped = true;
  end(dial);
}

void hf_dial_on_settled(struct hf_dial *dial, struct hf_conn *conn) {
  if (!conn->failing) {
    succeed(dial);
    return;
  }
  hf_error_move(&dial->error, &conn->last_words);
  hf_conn_close(conn);
  fail(dial);
}

/* The same password as a moment ago would only be refused once more. */
static bool is_known_to_fail(struct hf_dial *dial) {
  const struct hf_error *refusal =
      hf_credentials_refusal(&dial->pool->credentials, dial->password);
  if (refusal == NULL) {
    return false;
  }
  hf_error_copy(&dial->error, refusal);
  return true;
}

void hf_dial_on_password(struct hf_dial *dial,
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
    hf_credentials_wipe(dial->password);
    dial->password = hf_strndup(password, strlen(password));
    if (dial->password == NULL) {
      hf_error_set(&dial->error, HF_NO_MEMORY, HF_PHASE_CONNECT, NULL);
      fail(dial);
    } else if (is_known_to_fail(dial) || !start_work(dial)) {
      fail(dial);
    }
  }
}

struct hf_handle *hf_dial_asked(const struct hf_dial *dial) {
  return dial->asked;
}

void hf_dial_ask_another(struct hf_dial *dial) {
  take_back(dial);
  if (!ask(dial)) {
    fail(dial);
  }
}
