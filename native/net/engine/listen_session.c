/* SPDX-License-Identifier: MIT */
#include "net/engine/listen_session.h"

#include <string.h>

#include "core/base/alloc.h"
#include "net/base/clock.h"
#include "net/engine/call.h"
#include "net/engine/netpool.h"

/* "UNLISTEN " and a quoted name of 63 quotes. */
enum { SQL_BYTES = 160, NAME_BYTES_MAX = 63 };

/* ---- statements ---------------------------------------------------------- */

static void fail_statement(struct hf_listen *listen, enum hf_status status) {
  struct hf_error error;
  hf_error_init(&error);
  hf_error_set(&error, status, HF_PHASE_LOCAL, NULL);
  error.outcome = HF_OUTCOME_NOT_EXECUTED;
  error.retryable = status == HF_NO_MEMORY;
  hf_listener_on_answered(&listen->listener, &error, hf_clock_us());
  hf_error_finish(&error);
}

static void send_statement(struct hf_listen *listen, const char *sql) {
  struct hf_call *call = hf_call_new_for_listener(listen->pool, listen, sql);
  if (call == NULL) {
    fail_statement(listen, HF_NO_MEMORY);
    return;
  }
  call->unit.request.lease = &listen->acquire->lease;
  listen->running = call;
  hf_pool_submit(&listen->pool->core, &call->unit.request, hf_clock_us());
}

/* Sends a command with a quoted name. */
static void send_with_name(struct hf_listen *listen,
                           const char *verb,
                           const char *channel) {
  char sql[SQL_BYTES];
  size_t n = strlen(verb);
  if (strlen(channel) > NAME_BYTES_MAX) {
    fail_statement(listen, HF_PARAM_INVALID); /* the server would truncate it */
    return;
  }
  memcpy(sql, verb, n);
  sql[n++] = '"';
  for (; *channel != '\0'; channel++) {
    if (*channel == '"') {
      sql[n++] = '"';
    }
    sql[n++] = *channel;
  }
  sql[n++] = '"';
  sql[n] = '\0';
  send_statement(listen, sql);
}

static void io_listen(void *ctx, const char *channel) {
  send_with_name(ctx, "LISTEN ", channel);
}

static void io_unlisten(void *ctx, const char *channel) {
  send_with_name(ctx, "UNLISTEN ", channel);
}

static void io_ping(void *ctx) {
  send_statement(ctx, "select 1");
}

/* ---- the session --------------------------------------------------------- */

static void io_connect(void *ctx) {
  struct hf_listen *listen = ctx;
  struct hf_call *call = hf_call_new_for_listener(listen->pool, listen, NULL);
  struct hf_error error;
  if (call == NULL) {
    hf_error_init(&error);
    hf_error_set(&error, HF_NO_MEMORY, HF_PHASE_LOCAL, NULL);
    error.retryable = true;
    hf_listener_on_connect_failed(&listen->listener, &error, hf_clock_us());
    hf_error_finish(&error);
    return;
  }
  listen->acquire = call;
  listen->granted = false;
  listen->reported = false;
  hf_pool_submit(&listen->pool->core, &call->unit.request, hf_clock_us());
}

static void note_closed(struct hf_listen *listen) {
  if (listen->acquire == NULL && listen->running == NULL) {
    hf_listener_on_closed(&listen->listener, hf_clock_us());
  }
}

/* The connection still listens: it is closed, not kept. */
static void io_close(void *ctx) {
  struct hf_listen *listen = ctx;
  struct hf_call *call = listen->acquire;
  uint64_t now_us = hf_clock_us();
  if (call == NULL) {
    note_closed(listen);
  } else if (listen->granted) {
    hf_pool_release(&listen->pool->core,
                    &call->lease,
                    HF_RELEASE_CLOSE,
                    now_us);
  } else {
    hf_pool_abort(&listen->pool->core, &call->unit.request, now_us);
  }
}

static uint32_t io_random(void *ctx) {
  const struct hf_listen *listen = ctx;
  return hf_loop_random(listen->pool->pools->loop);
}

void hf_listen_session_on_released(struct hf_call *call) {
  struct hf_listen *listen = call->listen;
  listen->acquire = NULL;
  hf_call_free(call);
  note_closed(listen);
}

/* The acquire has failed. */
static void end_acquire(struct hf_listen *listen) {
  struct hf_call *call = listen->acquire;
  listen->acquire = NULL;
  hf_listener_on_connect_failed(&listen->listener,
                                &call->unit.request.error,
                                hf_clock_us());
  hf_call_free(call);
  note_closed(listen);
}

void hf_listen_session_on_delivered(struct hf_call *call) {
  struct hf_listen *listen = call->listen;
  const struct hf_error *error = &call->unit.request.error;
  if (call->unit.request.state != HF_REQUEST_DONE) {
    return; /* it will be delivered again */
  }
  if (call->unit.request.kind == HF_REQUEST_ACQUIRE) {
    if (error->status == HF_OK) {
      listen->granted = true; /* reported at the end of the turn */
    } else {
      end_acquire(listen);
    }
    return;
  }
  listen->running = NULL;
  hf_listener_on_answered(&listen->listener,
                          error->status == HF_OK ? NULL : error,
                          hf_clock_us());
  hf_call_free(call);
  note_closed(listen);
}

/* Behind a pooler another client would get the session that listens. */
static void refuse_pooler(struct hf_listen *listen) {
  struct hf_error error;
  hf_pool_release(&listen->pool->core,
                  &listen->acquire->lease,
                  HF_RELEASE_KEEP,
                  hf_clock_us());
  hf_error_init(&error);
  hf_error_set(&error, HF_SESSION_REQUIRED, HF_PHASE_LOCAL, NULL);
  error.outcome = HF_OUTCOME_NOT_EXECUTED;
  hf_listener_on_connect_failed(&listen->listener, &error, hf_clock_us());
  hf_error_finish(&error);
}

/* ---- from the engine ----------------------------------------------------- */

struct hf_listen *hf_listen_session_new(
    struct hf_netpool *pool,
    const struct hf_listener_io *callbacks) {
  struct hf_listener_io io = *callbacks;
  struct hf_listen *listen = hf_calloc(1, sizeof *listen);
  if (listen == NULL) {
    return NULL;
  }
  io.ctx = listen;
  io.connect = io_connect;
  io.listen = io_listen;
  io.unlisten = io_unlisten;
  io.ping = io_ping;
  io.close = io_close;
  io.random = io_random;
  listen->pool = pool;
  hf_listener_init(&listen->listener, &io, &pool->pools->hash_key);
  pool->listen = listen;
  return listen;
}

void hf_listen_session_end_turn(struct hf_netpool *pool) {
  struct hf_listen *listen = pool->listen;
  struct hf_call *call;
  uint64_t now_us;
  if (listen == NULL) {
    return;
  }
  now_us = hf_clock_us();
  call = listen->acquire;
  if (call != NULL && listen->granted && !listen->reported) {
    listen->reported = true;
    if (call->lease.slot != NULL && call->lease.slot->proxied) {
      refuse_pooler(listen);
    } else {
      hf_listener_on_connected(&listen->listener, now_us);
    }
  }
  call = listen->acquire;
  if (call != NULL && listen->granted && call->lease.slot == NULL) {
    hf_listener_on_lost(&listen->listener, &call->lease.loss, now_us);
  }
  hf_listener_run(&listen->listener, now_us);
}

uint64_t hf_listen_session_next_us(const struct hf_netpool *pool) {
  const struct hf_listen *listen = pool->listen;
  if (listen == NULL) {
    return UINT64_MAX;
  }
  return listen->granted && !listen->reported
             ? 0
             : hf_listener_next_us(&listen->listener);
}

bool hf_listen_session_is_over(const struct hf_netpool *pool) {
  return pool->listen == NULL ||
         pool->listen->listener.state == HF_LISTENER_IDLE;
}

void hf_listen_session_free(struct hf_netpool *pool) {
  if (pool->listen != NULL) {
    hf_listener_finish(&pool->listen->listener);
    hf_free(pool->listen);
    pool->listen = NULL;
  }
}
