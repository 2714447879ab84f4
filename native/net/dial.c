/* SPDX-License-Identifier: MIT */
/* Opening connections, from the pool's wish to a slot that is ready. */
#include "dial.h"

#include <string.h>

#include "block.h"
#include "conn.h"
#include "connector.h"
#include "core/alloc.h"
#include "netpool.h"
#include "port.h"
#include "target.h"

/* The worker watches its deadline itself; this is for one that is stuck. */
enum { GRACE_MS = 250, US_PER_MS = 1000, NS_PER_MS = 1000 * 1000 };

enum dial_state { ASKING, WORKING, SETTLING, OVER };

struct hf_dial {
  struct hf_netpool *pool;
  struct hf_slot *slot;
  bool probe;      /* for a slot that is silent; opens nothing */
  bool stopped;    /* the slot waits to hear that it is closed */
  uint32_t serial; /* of the silent connection */
  enum dial_state state;
  struct hf_post post;
  uv_timer_t timer;
  struct hf_connect_job *job; /* while WORKING */
  struct hf_handle *asked;    /* while ASKING */
  uint32_t question;
  struct hf_error error; /* why it is over */
};

static void on_timer_closed(uv_handle_t *handle) {
  struct hf_dial *dial = handle->data;
  struct hf_netpool *pool = dial->pool;
  struct hf_slot *slot = dial->slot;
  bool stopped = dial->stopped;
  hf_error_finish(&dial->error);
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
  if (!dial->probe) {
    dial->slot->dial = NULL;
  }
  uv_close((uv_handle_t *)&dial->timer, on_timer_closed);
}

/* An answer about a connection that is gone is no news for its successor. */
static void tell_probe(struct hf_dial *dial, bool alive) {
  bool stale = dial->slot->serial != dial->serial;
  hf_pool_on_probed(&dial->pool->core,
                    dial->slot,
                    alive || stale,
                    hf_engine_now_us());
}

static void fail(struct hf_dial *dial) {
  struct hf_pool *core = &dial->pool->core;
  struct hf_slot *slot = dial->slot;
  struct hf_error error;
  hf_error_init(&error);
  hf_error_move(&error, &dial->error);
  end(dial);
  if (dial->probe) {
    /* Whoever answers, if only to ask for a password, is there. */
    bool alive = error.sqlstate[0] != '\0' || error.status == HF_AUTH_ERROR;
    tell_probe(dial, alive);
  } else {
    hf_pool_on_connect_failed(core, slot, &error, hf_engine_now_us());
  }
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

/* On a worker's thread. */
static void on_done(struct hf_job *job) {
  struct hf_dial *dial = HF_CONTAINER_OF(job, struct hf_connect_job, job)->ctx;
  hf_engine_post(dial->pool->engine, &dial->post);
}

static bool detects(const struct hf_netpool *pool) {
  return pool->core.doubted ||
         (pool->core.config.pooler == HF_POOLER_AUTO && !pool->proxied);
}

/* Returns false, with the error set, when no worker can be had. */
static bool start_work(struct hf_dial *dial, const char *password) {
  struct hf_netpool *pool = dial->pool;
  uint64_t limit_ms = (uint64_t)pool->core.config.connect_timeout_ms;
  enum hf_status status = HF_NO_MEMORY;
  dial->job = hf_connect_job_new(pool->target, on_done, dial);
  if (dial->job == NULL) {
    goto fail;
  }
  dial->job->deadline_ns = hf_clock_ns() + limit_ms * NS_PER_MS;
  dial->job->detect_proxy = dial->probe || detects(pool);
  dial->job->pid_is_optional = !dial->probe;
  if (password != NULL &&
      hf_connect_job_set_password(dial->job, password) != HF_OK) {
    goto fail_job;
  }
  status = hf_workers_submit(pool->engine->workers, &dial->job->job, false);
  if (status != HF_OK) {
    goto fail_job;
  }
  dial->state = WORKING;
  return true;

fail_job:
  hf_connect_job_free(dial->job);
  dial->job = NULL;
fail:
  hf_error_set(&dial->error, status, HF_PHASE_CONNECT, NULL);
  return false;
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
  return dial->pool->asks_password && !dial->probe ? ask(dial)
                                                   : start_work(dial, NULL);
}

static void on_timer(uv_timer_t *timer) {
  struct hf_dial *dial = timer->data;
  struct hf_engine *engine = dial->pool->engine;
  struct hf_connect_job *job = dial->job;
  if (dial->state == SETTLING) {
    /* The connection tells us when it has failed. */
    struct hf_conn *conn = dial->slot->conn;
    hf_error_set(&conn->last_words, HF_CONNECT_TIMEOUT, HF_PHASE_CONNECT, NULL);
    hf_conn_fail(conn);
  } else if (job != NULL && !hf_workers_abandon(engine->workers, &job->job)) {
    /* Its result is on the way. */
  } else {
    dial->job = NULL;
    if (dial->error.status == HF_OK) {
      hf_error_set(&dial->error, HF_CONNECT_TIMEOUT, HF_PHASE_CONNECT, NULL);
    }
    fail(dial);
  }
  hf_engine_turn(engine);
}

static void start(struct hf_dial *dial) {
  uint64_t limit_ms =
      (uint64_t)dial->pool->core.config.connect_timeout_ms + GRACE_MS;
  bool begun = begin(dial);
  /* What fails at once is told from the loop, not from within the core. */
  (void)uv_timer_start(&dial->timer, on_timer, begun ? limit_ms : 0, 0);
}

/* ---- the worker's answer ------------------------------------------------- */

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

static void on_over(struct hf_post *post) {
  struct hf_dial *dial = HF_CONTAINER_OF(post, struct hf_dial, post);
  struct hf_connect_job *job = dial->job;
  dial->job = NULL;
  if (dial->state != WORKING) {
    /* Stopped when the worker had just finished. */
    hf_connect_job_free(job);
    uv_close((uv_handle_t *)&dial->timer, on_timer_closed);
    return;
  }
  if (job->status != HF_OK && goes_without(dial, &job->error)) {
    start(dial);
  } else if (job->status != HF_OK) {
    hf_error_move(&dial->error, &job->error);
    fail(dial);
  } else if (dial->probe) {
    end(dial);
    tell_probe(dial, true);
  } else {
    use_connection(dial, job);
  }
  hf_connect_job_free(job);
}

/* ---- beginning and end --------------------------------------------------- */

static struct hf_dial *dial_new(struct hf_netpool *pool, struct hf_slot *slot) {
  struct hf_dial *dial = hf_calloc(1, sizeof *dial);
  if (dial == NULL) {
    return NULL;
  }
  dial->pool = pool;
  dial->slot = slot;
  dial->post.run = on_over;
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

void hf_dial_probe(struct hf_netpool *pool, struct hf_slot *slot) {
  struct hf_dial *dial = dial_new(pool, slot);
  if (dial == NULL) {
    slot->probing = false;
    return;
  }
  dial->probe = true;
  dial->serial = slot->serial;
  start(dial);
}

void hf_dial_stop(struct hf_dial *dial) {
  struct hf_connect_job *job = dial->job;
  if (dial->state == SETTLING) {
    struct hf_conn *conn = dial->slot->conn;
    end(dial);
    hf_conn_close(conn);
    return;
  }
  if (job != NULL &&
      !hf_workers_abandon(dial->pool->engine->workers, &job->job)) {
    /* on_over is on its way and ends the rest. */
    dial->stopped = true;
    dial->state = OVER;
    dial->slot->dial = NULL;
    return;
  }
  dial->stopped = true;
  dial->job = NULL;
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

void hf_dial_on_password(struct hf_dial *dial,
                         const char *password,
                         const char *message) {
  if (dial->state != ASKING) {
    return;
  }
  dial->asked = NULL;
  if (password == NULL) {
    hf_error_set(&dial->error, HF_AUTH_ERROR, HF_PHASE_CONNECT, message);
    fail(dial);
  } else if (!start_work(dial, password)) {
    fail(dial);
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
