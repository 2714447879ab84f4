/* SPDX-License-Identifier: MIT */
/* The engine's thread: start, posts, turns, the end. */
#include "net/engine/engine.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/base/alloc.h"
#include "net/base/clock.h"
#include "net/base/process_exit.h"
#include "net/base/system.h"
#include "net/conn/conn.h"
#include "net/connect/connect_job.h"
#include "net/connect/resolve.h"
#include "net/engine/netpool.h"
#include "net/engine/port.h"

enum {
  /* They compute, and wait for nothing: more would only take turns. */
  CONNECTOR_THREADS = 4,
  /* These hang while a resolver is away, or a server does not read. */
  RESOLVER_THREADS = 16,
  CANCEL_THREADS = 8,
  JOIN_MS = 200,
  STACK_BYTES = 512 * 1024,
  US_PER_MS = 1000,
  US_PER_S = 1000 * 1000,
  THAW_US = 2 * US_PER_S /* a busy loop is late, but not that late */
};

/* The engine that takes ports, and all that run; under registry_lock. */
static struct hf_engine *current;
static struct hf_list engines;
static uv_mutex_t registry_lock;
static uv_once_t registry_once = UV_ONCE_INIT;

static void make_registry(void) {
  if (uv_mutex_init(&registry_lock) != 0) {
    abort();
  }
  hf_list_init(&engines);
}

/* xorshift128+: jitter needs spread, not secrecy. */
uint32_t hf_engine_random(struct hf_engine *engine) {
  uint64_t a = engine->seed[0];
  uint64_t b = engine->seed[1];
  engine->seed[0] = b;
  a ^= a << 23;
  a ^= a >> 17;
  a ^= b ^ (b >> 26);
  engine->seed[1] = a;
  return (uint32_t)((a + b) >> 32);
}

/* ---- posts --------------------------------------------------------------- */

/* Woken under the lock, the engine would run into it at once. */
void hf_engine_post(struct hf_engine *engine, struct hf_post *post) {
  uv_mutex_lock(&engine->lock);
  hf_list_push(&engine->posts, &post->link);
  uv_mutex_unlock(&engine->lock);
  (void)uv_async_send(&engine->wake);
}

void hf_engine_post_last(struct hf_engine *engine, struct hf_post *post) {
  uv_mutex_lock(&engine->lock);
  hf_list_push(&engine->posts, &post->link);
  (void)uv_async_send(&engine->wake);
  uv_mutex_unlock(&engine->lock);
}

static struct hf_post *next_post(struct hf_engine *engine) {
  struct hf_link *link;
  uv_mutex_lock(&engine->lock);
  link = hf_list_pop(&engine->posts);
  uv_mutex_unlock(&engine->lock);
  return link == NULL ? NULL : HF_CONTAINER_OF(link, struct hf_post, link);
}

/*
 * Time that passes while the machine sleeps is on one clock only. The other is
 * read a little later, so this may go back, and wrap around at zero.
 */
static uint64_t slept_us(void) {
  uint64_t now_us = hf_clock_us();
  return hf_system_boot_us(now_us) - now_us;
}

/*
 * Notices that time stood still: the machine was suspended, or the process was
 * stopped (a frozen function) and a timer is long overdue. Connections may
 * have died without a sign; they are pinged before anybody gets one.
 */
static void notice_thaw(struct hf_engine *engine) {
  uint64_t now_us = hf_clock_us();
  uint64_t asleep_us = slept_us();
  bool suspended = (int64_t)(asleep_us - engine->slept_us) > THAW_US;
  bool stopped = engine->timer_us != 0 && now_us > engine->timer_us + THAW_US;
  struct hf_link *link;
  engine->slept_us = asleep_us;
  if (!suspended && !stopped) {
    return;
  }
  HF_LIST_EACH(link, &engine->pools) {
    hf_pool_suspect(&HF_CONTAINER_OF(link, struct hf_netpool, of_engine)->core,
                    now_us);
  }
}

static void on_wake(uv_async_t *wake) {
  struct hf_engine *engine = wake->data;
  struct hf_post *post;
  hf_process_exit_checkpoint();
  notice_thaw(engine);
  while ((post = next_post(engine)) != NULL) {
    post->run(post);
  }
}

/* ---- turns --------------------------------------------------------------- */

static void flush_conns(struct hf_engine *engine) {
  struct hf_link *link;
  while ((link = hf_list_pop(&engine->dirty_conns)) != NULL) {
    hf_conn_flush(HF_CONTAINER_OF(link, struct hf_conn, dirty));
  }
}

static void end_turn_of_pools(struct hf_engine *engine) {
  struct hf_link *link;
  struct hf_link *after;
  HF_LIST_EACH_SAFE(link, after, &engine->pools) {
    hf_netpool_end_turn(HF_CONTAINER_OF(link, struct hf_netpool, of_engine));
  }
}

static void hand_over(struct hf_engine *engine) {
  struct hf_link *link;
  while ((link = hf_list_pop(&engine->dirty_ports)) != NULL) {
    hf_port_hand_over(HF_CONTAINER_OF(link, struct hf_port, dirty));
  }
}

static void on_timer(uv_timer_t *timer) {
  struct hf_engine *engine = timer->data;
  uint64_t now_us = hf_clock_us();
  struct hf_link *link;
  notice_thaw(engine);
  engine->timer_us = 0;
  HF_LIST_EACH(link, &engine->pools) {
    struct hf_netpool *pool =
        HF_CONTAINER_OF(link, struct hf_netpool, of_engine);
    if (hf_pool_next_us(&pool->core) <= now_us) {
      hf_pool_tick(&pool->core, now_us);
    }
  }
  hf_engine_turn(engine);
}

/* An alarm that is early is harmless, so a later wish leaves it alone. */
static void set_timer(struct hf_engine *engine) {
  uint64_t next_us = UINT64_MAX;
  uint64_t now_us;
  uint64_t delay_ms = 0;
  struct hf_link *link;
  HF_LIST_EACH(link, &engine->pools) {
    uint64_t at_us =
        hf_netpool_next_us(HF_CONTAINER_OF(link, struct hf_netpool, of_engine));
    if (at_us < next_us) {
      next_us = at_us;
    }
  }
  if (next_us == UINT64_MAX ||
      (engine->timer_us != 0 && engine->timer_us <= next_us)) {
    return;
  }
  now_us = hf_clock_us();
  if (next_us > now_us) {
    delay_ms = (next_us - now_us + US_PER_MS - 1) / US_PER_MS;
  }
  uv_update_time(&engine->loop);
  (void)uv_timer_start(&engine->timer, on_timer, delay_ms, 0);
  engine->timer_us = next_us;
}

static void stop(struct hf_engine *engine) {
  uv_mutex_lock(&registry_lock);
  engine->stopping = true;
  uv_mutex_unlock(&registry_lock);
  uv_close((uv_handle_t *)&engine->wake, NULL);
  uv_close((uv_handle_t *)&engine->timer, NULL);
  uv_close((uv_handle_t *)&engine->turn, NULL);
}

void hf_engine_turn(struct hf_engine *engine) {
  if (engine->stopping) {
    return;
  }
  do {
    flush_conns(engine);
    end_turn_of_pools(engine);
  } while (!hf_list_empty(&engine->dirty_conns));
  hand_over(engine);
  if (engine->detached && hf_list_empty(&engine->pools) &&
      engine->visitors == 0 && hf_resolve_give_up_all(engine)) {
    stop(engine);
    return;
  }
  set_timer(engine);
}

static void on_turn(uv_check_t *turn) {
  hf_process_exit_checkpoint();
  hf_engine_turn(turn->data);
}

/* ---- the thread ---------------------------------------------------------- */

static void finish(struct hf_engine *engine) {
  uv_mutex_lock(&registry_lock);
  hf_list_remove(&engines, &engine->of_process);
  uv_mutex_unlock(&registry_lock);
  hf_workers_finish(engine->workers, JOIN_MS);
  hf_workers_finish(engine->resolvers, JOIN_MS);
  hf_workers_finish(engine->cancelers, JOIN_MS);
  (void)uv_loop_close(&engine->loop);
  uv_mutex_destroy(&engine->lock);
  hf_free(engine);
}

static void run(void *arg) {
  struct hf_engine *engine = arg;
  sigset_t all;
  (void)sigfillset(&all);
  (void)pthread_sigmask(SIG_BLOCK, &all, NULL);
  hf_system_name_thread("hf-engine");
  hf_process_exit_enter();
  (void)uv_run(&engine->loop, UV_RUN_DEFAULT);
  finish(engine);
  hf_process_exit_leave();
}

static enum hf_status start_thread(struct hf_engine *engine) {
  uv_thread_options_t options = {.flags = UV_THREAD_HAS_STACK_SIZE,
                                 .stack_size = STACK_BYTES};
  uv_thread_t thread;
  if (uv_thread_create_ex(&thread, &options, run, engine) != 0) {
    return HF_SOCKET_ERROR;
  }
  /* It ends by itself and nobody waits for it but the exit handler. */
  (void)pthread_detach(thread);
  return HF_OK;
}

static void init_handles(struct hf_engine *engine) {
  (void)uv_timer_init(&engine->loop, &engine->timer);
  (void)uv_check_init(&engine->loop, &engine->turn);
  (void)uv_check_start(&engine->turn, on_turn);
  engine->wake.data = engine;
  engine->timer.data = engine;
  engine->turn.data = engine;
}

/* Randomness of the system's; where it has none, what nobody can foresee. */
static void seed(struct hf_engine *engine) {
  struct {
    uint64_t seed[2];
    struct hf_hash_key key;
    uint64_t salt;
  } random;
  if (uv_random(NULL, NULL, &random, sizeof random, 0, NULL) != 0) {
    random.seed[0] = hf_clock_ns() | 1;
    random.seed[1] = (uint64_t)(uintptr_t)engine;
    random.key.k0 = random.seed[0] * UINT64_C(0x9e3779b97f4a7c15);
    random.key.k1 = random.seed[1] ^ (uint64_t)uv_os_getpid();
    random.salt = random.key.k0 ^ random.key.k1;
  }
  engine->seed[0] = random.seed[0];
  engine->seed[1] = random.seed[1];
  engine->hash_key = random.key;
  engine->statements.hash_key = random.key;
  engine->statements.salt = random.salt;
}

/* Threads start when there is work for them. */
static enum hf_status make_workers(struct hf_engine *engine) {
  enum hf_status status =
      hf_workers_new(CONNECTOR_THREADS, 0, &engine->workers);
  if (status == HF_OK) {
    status = hf_workers_new(RESOLVER_THREADS, 0, &engine->resolvers);
  }
  if (status == HF_OK) {
    status = hf_workers_new(CANCEL_THREADS, 0, &engine->cancelers);
  }
  return status;
}

static enum hf_status engine_new(struct hf_engine **out) {
  enum hf_status status = HF_NO_MEMORY;
  struct hf_engine *engine = hf_calloc(1, sizeof *engine);
  if (engine == NULL) {
    return status;
  }
  hf_list_init(&engine->posts);
  hf_list_init(&engine->pools);
  hf_list_init(&engine->dirty_ports);
  hf_list_init(&engine->dirty_conns);
  hf_list_init(&engine->lookups);
  if (uv_mutex_init(&engine->lock) != 0) {
    goto fail_lock;
  }
  seed(engine);
  engine->slept_us = slept_us();
  if (uv_loop_init(&engine->loop) != 0) {
    goto fail_loop;
  }
  if (uv_async_init(&engine->loop, &engine->wake, on_wake) != 0) {
    goto fail_wake;
  }
  status = make_workers(engine);
  if (status != HF_OK) {
    goto fail_workers;
  }
  init_handles(engine);
  status = start_thread(engine);
  if (status != HF_OK) {
    goto fail_thread;
  }
  *out = engine;
  return HF_OK;

fail_thread:
  uv_close((uv_handle_t *)&engine->timer, NULL);
  uv_close((uv_handle_t *)&engine->turn, NULL);
fail_workers:
  hf_workers_finish(engine->workers, 0);
  hf_workers_finish(engine->resolvers, 0);
  hf_workers_finish(engine->cancelers, 0);
  uv_close((uv_handle_t *)&engine->wake, NULL);
  (void)uv_run(&engine->loop, UV_RUN_NOWAIT);
fail_wake:
  (void)uv_loop_close(&engine->loop);
fail_loop:
  uv_mutex_destroy(&engine->lock);
fail_lock:
  hf_free(engine);
  return status;
}

static struct hf_engine *engine_of(struct hf_link *link) {
  return HF_CONTAINER_OF(link, struct hf_engine, of_process);
}

/* Every loop turns once, so that its thread meets its checkpoint. */
static void wake_all(void) {
  struct hf_link *link;
  uv_mutex_lock(&registry_lock);
  HF_LIST_EACH(link, &engines) {
    if (!engine_of(link)->stopping) {
      (void)uv_async_send(&engine_of(link)->wake);
    }
  }
  uv_mutex_unlock(&registry_lock);
}

static void park_workers(int32_t timeout_ms) {
  struct hf_link *link;
  uv_mutex_lock(&registry_lock);
  HF_LIST_EACH(link, &engines) {
    (void)hf_workers_park(engine_of(link)->workers, timeout_ms);
    (void)hf_workers_park(engine_of(link)->resolvers, timeout_ms);
    (void)hf_workers_park(engine_of(link)->cancelers, timeout_ms);
  }
  uv_mutex_unlock(&registry_lock);
}

/* The process ends: nothing of ours runs on. */
static void stop_work(int32_t timeout_ms) {
  wake_all();
  park_workers(timeout_ms);
}

enum hf_status hf_engine_attach(struct hf_engine **engine) {
  enum hf_status status = HF_OK;
  uv_once(&registry_once, make_registry);
  hf_process_exit_prepare(stop_work);
  hf_connect_job_on_first_tls(hf_process_exit_prepare_after_tls);
  uv_mutex_lock(&registry_lock);
  if (current == NULL) {
    status = engine_new(&current);
    if (status == HF_OK) {
      hf_list_push(&engines, &current->of_process);
    }
  }
  if (status == HF_OK) {
    current->ports++;
    *engine = current;
  }
  uv_mutex_unlock(&registry_lock);
  return status;
}

void hf_engine_detach(struct hf_engine *engine) {
  uv_mutex_lock(&registry_lock);
  engine->ports--;
  if (engine->ports == 0) {
    /* It closes what is left and ends; the next port gets a new one. */
    current = NULL;
    engine->detached = true;
  }
  uv_mutex_unlock(&registry_lock);
}
