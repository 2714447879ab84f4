/* SPDX-License-Identifier: MIT */
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
#include "net/engine/question.h"
#include "net/engine/session_setup.h"

enum { NS_PER_MS = 1000 * 1000, SETUP_MIN_MS = 50 };

enum opening_state { ASKING, CONNECTING, SETTING_UP, OVER };

struct hf_connect_slot {
  struct hf_netpool *pool;
  struct hf_slot *slot;
  bool stopped;          /* the slot waits for hf_pool_on_closed */
  bool password_refused; /* one password was refused; the next is the last */
  enum opening_state state;
  uint64_t end_ns;               /* of CONNECTING and SETTING_UP */
  bool with_settings;            /* opened with the settings */
  struct hf_session_setup setup; /* while SETTING_UP */
  uv_timer_t timer;
  struct hf_connect *connect;  /* while CONNECTING */
  struct hf_question question; /* while ASKING; or for an identity */
  char *password;              /* of the password function, or NULL */
  struct hf_error error;       /* why opening has failed */
};

static void on_timer_closed(uv_handle_t *handle) {
  struct hf_connect_slot *opening = handle->data;
  struct hf_netpool *pool = opening->pool;
  struct hf_slot *slot = opening->slot;
  bool stopped = opening->stopped;
  hf_error_finish(&opening->setup.error);
  hf_error_finish(&opening->error);
  hf_system_wipe_text(opening->password);
  hf_free(opening);
  pool->openings--;
  if (stopped) {
    hf_pool_on_closed(&pool->core, slot, hf_clock_us());
  }
  hf_loop_turn(pool->pools->loop);
}

/*
 * Ends opening; the memory is freed with the timer. The caller notifies the
 * core, or on_timer_closed does.
 */
static void end(struct hf_connect_slot *opening) {
  opening->state = OVER;
  hf_question_withdraw(&opening->question);
  if (opening->connect != NULL) {
    hf_connect_stop(opening->connect);
    opening->connect = NULL;
  }
  opening->slot->connect = NULL;
  uv_close((uv_handle_t *)&opening->timer, on_timer_closed);
}

static void fail(struct hf_connect_slot *opening) {
  struct hf_pool *core = &opening->pool->core;
  struct hf_slot *slot = opening->slot;
  struct hf_error error;
  hf_error_init(&error);
  hf_error_move(&error, &opening->error);
  end(opening);
  hf_pool_on_connect_failed(core, slot, &error, hf_clock_us());
  hf_error_finish(&error);
}

static void succeed(struct hf_connect_slot *opening) {
  struct hf_pool *core = &opening->pool->core;
  struct hf_slot *slot = opening->slot;
  end(opening);
  hf_pool_on_connected(core, slot, hf_clock_us());
}

/* ---- the beginning ------------------------------------------------------- */

static void on_connect_over(void *ctx,
                            struct hf_connect_job *job,
                            const struct hf_error *error);
static void on_certificates(void *ctx, const char *host, const char *pem);

/* connectTimeoutMillis begins here, not before the password function. */
static bool start_connect(struct hf_connect_slot *opening) {
  struct hf_netpool *pool = opening->pool;
  int32_t limit_ms = pool->core.config.connect_timeout_ms;
  struct hf_connect_options options = {
      .loop = pool->pools->loop,
      .target = pool->target,
      .password = opening->password,
      .with_settings = hf_pooler_takes_settings_at_start(pool),
      .detect_proxy = hf_pooler_should_detect(pool),
      .pid_is_optional = true,
      .limit_ms = limit_ms,
      .done = on_connect_over,
      .on_certificates = on_certificates,
      .ctx = opening};
  opening->with_settings = options.with_settings;
  (void)uv_timer_stop(&opening->timer);
  opening->end_ns = hf_clock_ns() + (uint64_t)limit_ms * NS_PER_MS;
  opening->connect = hf_connect_start(&options);
  if (opening->connect == NULL) {
    hf_error_set(&opening->error, HF_NO_MEMORY, HF_PHASE_CONNECT, NULL);
    return false;
  }
  opening->state = CONNECTING;
  return true;
}

static bool ask(struct hf_connect_slot *opening) {
  enum hf_status status =
      hf_question_ask(&opening->question, opening->pool, "password");
  if (status != HF_OK) {
    hf_error_set(&opening->error, status, HF_PHASE_CONNECT, NULL);
  }
  return status == HF_OK;
}

/* Earlier certificates are no longer asked about. */
static void on_certificates(void *ctx, const char *host, const char *pem) {
  struct hf_connect_slot *opening = ctx;
  hf_question_withdraw(&opening->question);
  if (hf_question_ask_identity(&opening->question, opening->pool, host, pem) !=
      HF_OK) {
    hf_connect_identify(opening->connect, "nobody is left to be asked");
  }
}

/* Begins, also a second time; false with the error set when that fails. */
static bool begin(struct hf_connect_slot *opening) {
  opening->state = ASKING;
  return opening->pool->asks_password ? ask(opening) : start_connect(opening);
}

static void on_timer(uv_timer_t *timer) {
  struct hf_connect_slot *opening = timer->data;
  struct hf_loop *loop = opening->pool->pools->loop;
  if (opening->state == SETTING_UP) {
    /* conn_lost follows. */
    struct hf_conn *conn = opening->slot->conn;
    hf_error_set(&conn->final_error,
                 HF_CONNECT_TIMEOUT,
                 HF_PHASE_CONNECT,
                 NULL);
    hf_conn_fail(conn);
  } else {
    if (opening->error.status == HF_OK) {
      hf_error_set(&opening->error,
                   HF_CONNECT_TIMEOUT,
                   HF_PHASE_CONNECT,
                   "the password function gave no password within "
                   "connectTimeoutMillis");
    }
    fail(opening);
  }
  hf_loop_turn(loop);
}

static void start(struct hf_connect_slot *opening) {
  uint64_t limit_ms = (uint64_t)opening->pool->core.config.connect_timeout_ms;
  if (!begin(opening)) {
    /* The core has called us: a failure is reported by the timer. */
    (void)uv_timer_start(&opening->timer, on_timer, 0, 0);
  } else if (opening->state == ASKING) {
    (void)uv_timer_start(&opening->timer, on_timer, limit_ms, 0);
  }
}

/* ---- the connection ------------------------------------------------------ */

static uint64_t time_left_ms(const struct hf_connect_slot *opening) {
  uint64_t now_ns = hf_clock_ns();
  uint64_t left_ms =
      now_ns < opening->end_ns ? (opening->end_ns - now_ns) / NS_PER_MS : 0;
  return left_ms < SETUP_MIN_MS ? SETUP_MIN_MS : left_ms;
}

/* Does what a step of setting the session up has resulted in. */
static void apply_setup(struct hf_connect_slot *opening,
                        enum hf_session_setup_result verdict) {
  switch (verdict) {
  case HF_SESSION_SETUP_PENDING:
    opening->state = SETTING_UP;
    (void)uv_timer_start(&opening->timer, on_timer, time_left_ms(opening), 0);
    break;
  case HF_SESSION_SETUP_DONE:
    succeed(opening);
    break;
  case HF_SESSION_SETUP_FAILED:
    hf_error_move(&opening->error, &opening->setup.error);
    hf_conn_close(opening->slot->conn);
    fail(opening);
    break;
  case HF_SESSION_SETUP_RECONNECT:
    hf_conn_close(opening->slot->conn);
    start(opening);
    break;
  }
}

static void use_connection(struct hf_connect_slot *opening,
                           struct hf_connect_job *job) {
  struct hf_netpool *pool = opening->pool;
  struct hf_slot *slot = opening->slot;
  struct hf_conn *conn;
  slot->proxied = hf_pooler_judge(pool, job);
  slot->server_answered = job->pid_detected;
  slot->unit_is_transaction = false;
  slot->backend_pid = job->backend_pid;
  conn = hf_conn_new(&pool->shared, slot, hf_connect_job_take(job));
  if (conn == NULL) {
    (void)hf_connect_error_system(&opening->error, errno, HF_NO_WATCH);
    fail(opening);
    return;
  }
  slot->conn = conn;
  hf_pooler_compare(pool, slot);
  apply_setup(opening,
              hf_session_setup_begin(&opening->setup,
                                     pool,
                                     slot,
                                     opening->with_settings));
}

/*
 * Asks the password function once more when the server has refused its
 * password, which may have expired meanwhile. Returns whether it does.
 */
static bool retry_password(struct hf_connect_slot *opening,
                           const struct hf_error *error) {
  if (opening->password == NULL || !hf_credentials_is_refusal(error)) {
    return false;
  }
  hf_credentials_note_refused(&opening->pool->credentials,
                              opening->password,
                              error);
  if (opening->password_refused) {
    return false;
  }
  opening->password_refused = true;
  start(opening);
  return true;
}

static void on_connect_over(void *ctx,
                            struct hf_connect_job *job,
                            const struct hf_error *error) {
  struct hf_connect_slot *opening = ctx;
  opening->connect = NULL; /* frees itself */
  if (job != NULL) {
    hf_credentials_note_used(&opening->pool->credentials, opening->password);
    use_connection(opening, job);
    hf_connect_job_free(job);
  } else if (hf_pooler_omits(opening->pool, error, opening->with_settings)) {
    start(opening);
  } else if (!retry_password(opening, error)) {
    hf_error_copy(&opening->error, error);
    fail(opening);
  }
}

/* ---- beginning and end --------------------------------------------------- */

static struct hf_connect_slot *opening_new(struct hf_netpool *pool,
                                           struct hf_slot *slot) {
  struct hf_connect_slot *opening = hf_calloc(1, sizeof *opening);
  if (opening == NULL) {
    return NULL;
  }
  opening->pool = pool;
  opening->slot = slot;
  opening->timer.data = opening;
  hf_error_init(&opening->error);
  hf_error_init(&opening->setup.error);
  (void)uv_timer_init(&pool->pools->loop->uv, &opening->timer);
  pool->openings++;
  return opening;
}

void hf_connect_slot_open(struct hf_netpool *pool, struct hf_slot *slot) {
  struct hf_connect_slot *opening = opening_new(pool, slot);
  slot->connect = opening;
  if (opening == NULL) {
    /* The failure is reported at the end of the turn. */
    hf_netpool_fail_later(pool, slot);
    return;
  }
  start(opening);
}

void hf_connect_slot_stop(struct hf_connect_slot *opening) {
  if (opening->state == SETTING_UP) {
    struct hf_conn *conn = opening->slot->conn;
    end(opening);
    hf_conn_close(conn);
    return;
  }
  opening->stopped = true;
  end(opening);
}

void hf_connect_slot_on_setup(struct hf_connect_slot *opening) {
  apply_setup(opening, hf_session_setup_continue(&opening->setup));
}

/* Returns whether the same password was refused a moment ago. */
static bool was_refused_before(struct hf_connect_slot *opening) {
  const struct hf_error *refusal =
      hf_credentials_refusal(&opening->pool->credentials, opening->password);
  if (refusal == NULL) {
    return false;
  }
  hf_error_copy(&opening->error, refusal);
  return true;
}

static void on_password(struct hf_connect_slot *opening,
                        const char *password,
                        const char *message,
                        bool permanent) {
  if (password == NULL && permanent) {
    hf_error_set(&opening->error, HF_AUTH_ERROR, HF_PHASE_CONNECT, message);
    fail(opening);
  } else if (password == NULL) {
    hf_credentials_fail(&opening->error, message);
    fail(opening);
  } else {
    hf_system_wipe_text(opening->password);
    opening->password = hf_strndup(password, strlen(password));
    if (opening->password == NULL) {
      hf_error_set(&opening->error, HF_NO_MEMORY, HF_PHASE_CONNECT, NULL);
      fail(opening);
    } else if (was_refused_before(opening) || !start_connect(opening)) {
      fail(opening);
    }
  }
}

void hf_connect_slot_on_answer(struct hf_connect_slot *opening,
                               const char *value,
                               const char *message,
                               bool permanent) {
  hf_question_withdraw(&opening->question);
  if (opening->state == ASKING) {
    on_password(opening, value, message, permanent);
  } else if (opening->state == CONNECTING) {
    hf_connect_identify(opening->connect, value == NULL ? message : NULL);
  }
}

static struct hf_connect_slot *of_question(struct hf_question *question) {
  return question == NULL
             ? NULL
             : HF_CONTAINER_OF(question, struct hf_connect_slot, question);
}

struct hf_connect_slot *hf_connect_slot_find(const struct hf_port *port,
                                             uint32_t question) {
  return of_question(hf_question_find(port, question));
}

static void ask_identity_again(struct hf_connect_slot *opening) {
  const char *host, *pem;
  if (hf_connect_is_identifying(opening->connect, &host, &pem)) {
    on_certificates(opening, host, pem);
  }
}

void hf_connect_slot_ask_others(struct hf_port *port,
                                const struct hf_handle *handle) {
  struct hf_connect_slot *opening;
  while ((opening = of_question(hf_question_find_asked(port, handle))) !=
         NULL) {
    hf_question_withdraw(&opening->question);
    if (opening->state == CONNECTING) {
      ask_identity_again(opening);
    } else if (!ask(opening)) {
      fail(opening);
    }
  }
}
