/* SPDX-License-Identifier: MIT */
/* Opening connections, from the pool's wish to a slot that is ready. */
#include "net/engine/connect_slot.h"

#include <errno.h>
#include <string.h>

#include "core/base/alloc.h"
#include "net/base/clock.h"
#include "net/conn/conn.h"
#include "net/connect/connect.h"
#include "net/connect/connect_error.h"
#include "net/connect/connect_job.h"
#include "net/connect/target.h"
#include "net/engine/credentials.h"
#include "net/engine/events.h"
#include "net/engine/netpool.h"
#include "net/engine/port.h"
#include "net/wire/message.h"

enum { US_PER_MS = 1000, NS_PER_MS = 1000 * 1000, SETTLE_MIN_MS = 50 };

enum dial_state { ASKING, WORKING, SETTLING, OVER };

/* What a new connection is asked or told before anybody gets it. */
enum settling {
  CHECKING, /* are the settings there since its start? */
  PROVING,  /* do they arrive with each unit? */
  SETTING,  /* sets them, where neither can be */
  GREETING  /* the user's onConnect */
};

struct hf_connect_slot {
  struct hf_netpool *pool;
  struct hf_slot *slot;
  bool stopped; /* the slot waits to hear that it is closed */
  bool refused; /* the server did not take the password; asking for another */
  enum dial_state state;
  uint64_t end_ns;        /* of WORKING and SETTLING */
  enum settling settling; /* while SETTLING */
  bool at_start;          /* it was opened with the settings */
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
  hf_error_finish(&dial->error);
  hf_credentials_wipe(dial->password);
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
  dial->slot->dial = NULL;
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

/* ---- the beginning --------------------------------------------------------
 */

static void on_connect_over(void *ctx,
                            struct hf_connect_job *job,
                            const struct hf_error *error);

static bool detects(const struct hf_netpool *pool) {
  return pool->core.doubted ||
         (pool->core.config.pooler == HF_POOLER_AUTO && !pool->proxied);
}

/*
 * A session of our own has its settings from its start, so that RESET ALL and
 * DISCARD ALL come back to them. On a server connection that others use they
 * would stay: through a proxy only where nothing else holds.
 */
static bool starts_with_settings(const struct hf_netpool *pool) {
  return pool->shared.sql.count > 0 && !pool->start_refused &&
         (pool->starts_proxied || !hf_netpool_is_proxied(pool));
}

/* The time for connecting begins here, however long a password took. */
static bool start_work(struct hf_connect_slot *dial) {
  struct hf_netpool *pool = dial->pool;
  int32_t limit_ms = pool->core.config.connect_timeout_ms;
  struct hf_connect_wish wish = {.loop = pool->pools->loop,
                                 .target = pool->target,
                                 .password = dial->password,
                                 .at_start = starts_with_settings(pool),
                                 .detect_proxy = detects(pool),
                                 .pid_is_optional = true,
                                 .limit_ms = limit_ms,
                                 .done = on_connect_over,
                                 .ctx = dial};
  dial->at_start = wish.at_start;
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

static bool ask(struct hf_connect_slot *dial) {
  struct hf_handle *handle = whom_to_ask(dial->pool);
  struct hf_message *block;
  if (handle == NULL) {
    hf_error_set(&dial->error, HF_POOL_CLOSED, HF_PHASE_CONNECT, NULL);
    return false;
  }
  dial->question = ++handle->port->last_ask;
  block = hf_message_message(HF_MSG_ASK,
                             HF_ASK_INTS,
                             (int32_t)dial->question,
                             0,
                             "password",
                             8);
  if (block == NULL ||
      hf_map_set(&handle->port->asks, dial->question, dial) != HF_OK) {
    hf_message_free(block);
    hf_error_set(&dial->error, HF_NO_MEMORY, HF_PHASE_CONNECT, NULL);
    return false;
  }
  block->ints[HF_ASK_POOL] = handle->number;
  dial->asked = handle;
  hf_outbox_send(&handle->port->outbox, block);
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

/* ---- the connection ---------------------------------------------------------
 */

static bool is_auto(const struct hf_netpool *pool) {
  return pool->core.config.pooler == HF_POOLER_AUTO;
}

static bool is_same_process(const struct hf_slot *a, const struct hf_slot *b) {
  const struct hf_conn *one = a->conn;
  const struct hf_conn *other = b->conn;
  return a != b && one != NULL && other != NULL && one->pg != NULL &&
         other->pg != NULL && a->backend_pid == b->backend_pid &&
         a->backend_pid != 0 &&
         strcmp(PQhostaddr(one->pg), PQhostaddr(other->pg)) == 0 &&
         strcmp(PQport(one->pg), PQport(other->pg)) == 0;
}

/* Two clients that are served by one process share a pooler. */
static bool is_anothers(const struct hf_netpool *pool,
                        const struct hf_slot *slot) {
  const struct hf_link *link;
  int state;
  for (state = HF_SLOT_CONNECTING; state < HF_SLOT_CLOSING; state++) {
    HF_LIST_EACH(link, &pool->core.slots_in[state]) {
      if (is_same_process(slot, HF_CONTAINER_OF(link, struct hf_slot, link))) {
        return true;
      }
    }
  }
  return false;
}

/*
 * Whether the connection is taken for a pooler's. A server that will not tell
 * its process id is none.
 */
static bool is_proxied(struct hf_netpool *pool,
                       const struct hf_connect_job *job) {
  enum hf_pooler_mode mode = pool->core.config.pooler;
  if (mode == HF_POOLER_NONE || mode == HF_POOLER_SESSION) {
    return false;
  }
  if (mode == HF_POOLER_TRANSACTION || pool->proxied) {
    return true;
  }
  pool->proxied = job->proxied;
  return pool->proxied;
}

/* It would run on server connections that others use. */
static void warn_of_connect_sql(struct hf_netpool *pool, struct hf_slot *slot) {
  struct hf_error warning;
  pool->warned_of_connect = true;
  hf_error_init(&warning);
  hf_error_set(&warning,
               HF_SESSION_REQUIRED,
               HF_PHASE_CONNECT,
               "onConnect SQL is not run behind a connection pooler: use "
               "settings, or connect directly");
  hf_events_emit(pool, slot, HF_EVENT_WARNING, &warning);
  hf_error_finish(&warning);
}

static uint64_t time_left_ms(const struct hf_connect_slot *dial) {
  uint64_t now_ns = hf_clock_ns();
  uint64_t left_ms =
      now_ns < dial->end_ns ? (dial->end_ns - now_ns) / NS_PER_MS : 0;
  return left_ms < SETTLE_MIN_MS ? SETTLE_MIN_MS : left_ms;
}

static void settle(struct hf_connect_slot *dial,
                   enum settling settling,
                   enum hf_own_unit own_unit,
                   const char *sql) {
  dial->state = SETTLING;
  dial->settling = settling;
  (void)uv_timer_start(&dial->timer, on_timer, time_left_ms(dial), 0);
  hf_conn_run_own(dial->slot->conn, own_unit, sql);
}

/* The settings are there: what is left is the user's. */
static void greet(struct hf_connect_slot *dial) {
  struct hf_netpool *pool = dial->pool;
  const char *sql = pool->shared.sql.on_connect;
  if (sql != NULL && dial->slot->proxied && !pool->warned_of_connect) {
    warn_of_connect_sql(pool, dial->slot);
  }
  if (sql == NULL || dial->slot->proxied) {
    succeed(dial);
    return;
  }
  settle(dial, GREETING, HF_OWN_UNIT_SETTINGS, sql);
}

static void prove(struct hf_connect_slot *dial) {
  settle(dial, PROVING, HF_OWN_UNIT_ARRIVAL, NULL);
}

/* The connection is not what its settings ask for, or not known to be. */
static void distrust(struct hf_connect_slot *dial) {
  struct hf_netpool *pool = dial->pool;
  if (!is_auto(pool)) {
    settle(dial, SETTING, HF_OWN_UNIT_SETTINGS, pool->shared.sql.session);
    return;
  }
  hf_netpool_set_proxied(pool);
  dial->slot->proxied = true;
  prove(dial);
}

/* Makes sure that the pool's settings reach statements here. */
static void bring_settings(struct hf_connect_slot *dial) {
  struct hf_netpool *pool = dial->pool;
  struct hf_slot *slot = dial->slot;
  if (pool->shared.sql.count == 0) {
    greet(dial);
  } else if (slot->proxied) {
    prove(dial);
  } else if (dial->at_start) {
    settle(dial, CHECKING, HF_OWN_UNIT_STARTED, pool->shared.sql.check);
  } else if (slot->answered || !is_auto(pool)) {
    distrust(dial); /* its start-up options were refused */
  } else {
    settle(dial, SETTING, HF_OWN_UNIT_SETTINGS, pool->shared.sql.plain);
  }
}

static void use_connection(struct hf_connect_slot *dial,
                           struct hf_connect_job *job) {
  struct hf_netpool *pool = dial->pool;
  struct hf_slot *slot = dial->slot;
  struct hf_conn *conn;
  slot->proxied = is_proxied(pool, job);
  slot->answered = job->pid_detected;
  slot->whole = false;
  slot->backend_pid = job->backend_pid;
  conn = hf_conn_new(&pool->shared, slot, hf_connect_job_take(job));
  if (conn == NULL) {
    (void)hf_connect_error_system(&dial->error, errno, HF_NO_WATCH);
    fail(dial);
    return;
  }
  slot->conn = conn;
  if (is_auto(pool) && slot->answered && !slot->proxied &&
      is_anothers(pool, slot)) {
    hf_netpool_set_proxied(pool);
    slot->proxied = true;
  }
  bring_settings(dial);
}

static void fail_settling(struct hf_connect_slot *dial,
                          struct hf_error *error) {
  struct hf_conn *conn = dial->slot->conn;
  hf_error_move(&dial->error, error);
  hf_conn_close(conn);
  fail(dial);
}

static void refuse_settings(struct hf_connect_slot *dial) {
  struct hf_error error;
  hf_error_init(&error);
  hf_error_set(&error,
               HF_SESSION_REQUIRED,
               HF_PHASE_CONNECT,
               "the pool's settings (schema, settings, options, the server's "
               "time-outs) do not hold through this pooler, neither from the "
               "start of a session nor within a transaction: connect to the "
               "database itself, or leave them out");
  fail_settling(dial, &error);
  hf_error_finish(&error);
}

/* Once more, with the settings at the start or without. */
static void connect_again(struct hf_connect_slot *dial) {
  hf_conn_close(dial->slot->conn);
  start(dial);
}

static void on_checked(struct hf_connect_slot *dial, struct hf_conn *conn) {
  if (conn->arrival.error.status == HF_OK) {
    if (conn->arrival.started) {
      greet(dial);
    } else {
      distrust(dial);
    }
  } else if (hf_arrival_lacks_function(&conn->arrival)) {
    settle(dial, SETTING, HF_OWN_UNIT_SETTINGS, dial->pool->shared.sql.plain);
  } else {
    fail_settling(dial, &conn->arrival.error);
  }
}

static void on_proved(struct hf_connect_slot *dial, struct hf_conn *conn) {
  struct hf_netpool *pool = dial->pool;
  struct hf_arrival *arrival = &conn->arrival;
  if (arrival->error.status != HF_OK && !hf_arrival_lacks_function(arrival)) {
    fail_settling(dial, &arrival->error);
    return;
  }
  if (arrival->whole) {
    conn->carry = HF_CARRY_UNIT;
    dial->slot->whole = true;
    greet(dial);
    return;
  }
  if (dial->at_start && arrival->started) {
    greet(dial);
  } else if (!dial->at_start && !pool->start_refused) {
    pool->starts_proxied = true;
    connect_again(dial);
  } else {
    refuse_settings(dial);
  }
}

static bool is_about_start(const struct hf_error *error, const char *message) {
  return (strcmp(error->sqlstate, "08P01") == 0 ||
          strcmp(error->sqlstate, "0A000") == 0) &&
         message != NULL &&
         (strstr(message, "option") != NULL ||
          strstr(message, "startup parameter") != NULL);
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
  if (dial->at_start && is_about_start(error, message) &&
      (at == NULL || strstr(at, "application_name") == NULL)) {
    dial->pool->start_refused = true;
    return true;
  }
  return strcmp(error->sqlstate, "08P01") == 0 && at != NULL &&
         hf_target_drop(dial->pool->target, at + strlen(refusal));
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
  (void)uv_timer_init(&pool->pools->loop->uv, &dial->timer);
  pool->dials++;
  return dial;
}

void hf_connect_slot_open(struct hf_netpool *pool, struct hf_slot *slot) {
  struct hf_connect_slot *dial = dial_new(pool, slot);
  slot->dial = dial;
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

void hf_connect_slot_on_settled(struct hf_connect_slot *dial,
                                struct hf_conn *conn) {
  if (conn->failing) {
    fail_settling(dial, &conn->last_words);
    return;
  }
  switch (dial->settling) {
  case CHECKING:
    on_checked(dial, conn);
    break;
  case PROVING:
    on_proved(dial, conn);
    break;
  case SETTING:
    greet(dial);
    break;
  case GREETING:
    succeed(dial);
    break;
  }
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

struct hf_handle *hf_connect_slot_asked(const struct hf_connect_slot *dial) {
  return dial->asked;
}

void hf_connect_slot_ask_another(struct hf_connect_slot *dial) {
  take_back(dial);
  if (!ask(dial)) {
    fail(dial);
  }
}
