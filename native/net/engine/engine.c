/* SPDX-License-Identifier: MIT */
#include "net/engine/engine.h"

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
#include "net/engine/outbox.h"
#include "net/engine/pool_io.h"
#include "net/engine/pool_turn.h"

enum {
  JOIN_MS = 200,
  STACK_BYTES = 512 * 1024,
  US_PER_MS = 1000,
  US_PER_S = 1000 * 1000,
  GROWTH_US = US_PER_MS, /* how long a portion that is not full may grow */
  THAW_US = 2 * US_PER_S /* a busy loop is not as late as that */
};

/* The engine that takes ports, and all engines; under registry_lock. */
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

/*
 * Returns how long the machine was suspended so far: only one of the clocks
 * counts that. They are read one after the other, so that this may decrease,
 * and wrap around at zero.
 */
static uint64_t slept_us(void) {
  uint64_t now_us = hf_clock_us();
  return hf_system_boot_us(now_us) - now_us;
}

/*
 * Notices that the machine was suspended, or the process stopped (a frozen
 * function) so that a timer is long overdue. Connections may be dead without a
 * sign of it: idle ones are pinged before they are used.
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
  HF_LIST_EACH(link, &engine->pools.list) {
    hf_pool_ping_idle(&HF_CONTAINER_OF(link, struct hf_netpool, of_all)->core,
                      now_us);
  }
}

static struct hf_engine *engine_of_loop(struct hf_loop *loop) {
  return HF_CONTAINER_OF(loop, struct hf_engine, loop);
}

static void on_wake(struct hf_loop *loop) {
  hf_process_exit_checkpoint();
  notice_thaw(engine_of_loop(loop));
}

/* ---- turns --------------------------------------------------------------- */

static void flush_conns(struct hf_engine *engine) {
  struct hf_link *link;
  while ((link = hf_list_pop(&engine->loop.unflushed)) != NULL) {
    hf_conn_flush(HF_CONTAINER_OF(link, struct hf_conn, dirty));
  }
}

static void end_turn_of_pools(struct hf_engine *engine) {
  struct hf_link *link;
  struct hf_link *after;
  HF_LIST_EACH_SAFE(link, after, &engine->pools.list) {
    hf_pool_turn_end(HF_CONTAINER_OF(link, struct hf_netpool, of_all));
  }
}

static void hand_over(struct hf_engine *engine) {
  struct hf_link *link;
  while ((link = hf_list_pop(&engine->filled_outboxes)) != NULL) {
    hf_outbox_hand_over(HF_CONTAINER_OF(link, struct hf_outbox, link));
  }
}

static void pass_portions_on(struct hf_engine *engine) {
  struct hf_link *link;
  engine->growth_ends_us = 0;
  while ((link = hf_list_pop(&engine->loop.growing)) != NULL) {
    hf_conn_pass_on(HF_CONTAINER_OF(link, struct hf_conn, growing));
  }
}

static void on_timer(uv_timer_t *timer) {
  struct hf_engine *engine = timer->data;
  uint64_t now_us = hf_clock_us();
  struct hf_link *link;
  notice_thaw(engine);
  engine->timer_us = 0;
  if (engine->growth_ends_us != 0 && engine->growth_ends_us <= now_us) {
    pass_portions_on(engine);
  }
  HF_LIST_EACH(link, &engine->pools.list) {
    struct hf_netpool *pool = HF_CONTAINER_OF(link, struct hf_netpool, of_all);
    if (hf_pool_next_us(&pool->core) <= now_us) {
      hf_pool_tick(&pool->core, now_us);
    }
  }
  hf_loop_turn(&engine->loop);
}

/* Returns when the portions that grow are to be handed over. */
static uint64_t portions_us(struct hf_engine *engine) {
  if (hf_list_empty(&engine->loop.growing)) {
    return UINT64_MAX;
  }
  if (engine->growth_ends_us == 0) {
    engine->growth_ends_us = hf_clock_us() + GROWTH_US;
  }
  return engine->growth_ends_us;
}

/*
 * An early timer only costs a wake-up, so that it is not set again for a later
 * time.
 */
static void set_timer(struct hf_engine *engine) {
  uint64_t next_us = portions_us(engine);
  uint64_t now_us;
  uint64_t delay_ms = 0;
  struct hf_link *link;
  HF_LIST_EACH(link, &engine->pools.list) {
    uint64_t at_us =
        hf_pool_turn_next_us(HF_CONTAINER_OF(link, struct hf_netpool, of_all));
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
  uv_update_time(&engine->loop.uv);
  (void)uv_timer_start(&engine->timer, on_timer, delay_ms, 0);
  engine->timer_us = next_us;
}

static void close_handles(struct hf_engine *engine) {
  hf_loop_close(&engine->loop);
  uv_close((uv_handle_t *)&engine->timer, NULL);
  uv_close((uv_handle_t *)&engine->turn, NULL);
}

static void stop(struct hf_engine *engine) {
  uv_mutex_lock(&registry_lock);
  engine->stopping = true;
  uv_mutex_unlock(&registry_lock);
  close_handles(engine);
}

/*
 * Ends a turn: flushes connections, hands messages over, frees what closed and
 * sets the timer.
 */
static void end_turn(struct hf_loop *loop) {
  struct hf_engine *engine = engine_of_loop(loop);
  if (engine->stopping) {
    return;
  }
  do {
    flush_conns(engine);
    end_turn_of_pools(engine);
  } while (!hf_list_empty(&engine->loop.unflushed));
  hand_over(engine);
  if (engine->detached && hf_list_empty(&engine->pools.list) &&
      loop->pending == 0 && hf_resolve_give_up_all(loop)) {
    stop(engine);
    return;
  }
  set_timer(engine);
}

static void on_turn(uv_check_t *turn) {
  hf_process_exit_checkpoint();
  hf_loop_turn(turn->data);
}

/* ---- the thread ---------------------------------------------------------- */

static void finish(struct hf_engine *engine) {
  uv_mutex_lock(&registry_lock);
  hf_list_remove(&engines, &engine->of_process);
  uv_mutex_unlock(&registry_lock);
  hf_loop_finish(&engine->loop, JOIN_MS);
  hf_free(engine);
}

static void run(void *arg) {
  struct hf_engine *engine = arg;
  hf_system_block_signals();
  hf_system_name_thread("hf-engine");
  hf_process_exit_enter();
  (void)uv_run(&engine->loop.uv, UV_RUN_DEFAULT);
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
  /* Only the exit handler waits for it. */
  hf_system_thread_detach(thread);
  return HF_OK;
}

static void init_handles(struct hf_engine *engine) {
  (void)uv_timer_init(&engine->loop.uv, &engine->timer);
  (void)uv_check_init(&engine->loop.uv, &engine->turn);
  (void)uv_check_start(&engine->turn, on_turn);
  engine->timer.data = engine;
  engine->turn.data = &engine->loop;
}

/* Without random numbers of the system: what is hard to predict. */
static void make_keys(struct hf_engine *engine) {
  struct {
    struct hf_hash_key key;
    uint64_t salt;
  } random;
  if (uv_random(NULL, NULL, &random, sizeof random, 0, NULL) != 0) {
    random.key.k0 = (hf_clock_ns() | 1) * UINT64_C(0x9e3779b97f4a7c15);
    random.key.k1 = (uint64_t)(uintptr_t)engine ^ (uint64_t)uv_os_getpid();
    random.salt = random.key.k0 ^ random.key.k1;
  }
  engine->pools.hash_key = random.key;
  engine->pools.statements.hash_key = random.key;
  engine->pools.statements.salt = random.salt;
}

static enum hf_status engine_new(struct hf_engine **out) {
  enum hf_status status = HF_NO_MEMORY;
  struct hf_engine *engine = hf_calloc(1, sizeof *engine);
  if (engine == NULL) {
    return status;
  }
  hf_list_init(&engine->pools.list);
  engine->pools.loop = &engine->loop;
  engine->pools.io = &hf_pool_io_table;
  engine->pools.callbacks = &hf_pool_io_callbacks;
  hf_list_init(&engine->filled_outboxes);
  make_keys(engine);
  engine->slept_us = slept_us();
  status = hf_loop_init(&engine->loop, on_wake, end_turn);
  if (status != HF_OK) {
    goto fail_loop;
  }
  init_handles(engine);
  status = start_thread(engine);
  if (status != HF_OK) {
    goto fail_thread;
  }
  *out = engine;
  return HF_OK;

fail_thread:
  close_handles(engine);
  (void)uv_run(&engine->loop.uv, UV_RUN_NOWAIT);
  hf_loop_finish(&engine->loop, 0);
fail_loop:
  hf_free(engine);
  return status;
}

static struct hf_engine *engine_of(struct hf_link *link) {
  return HF_CONTAINER_OF(link, struct hf_engine, of_process);
}

/* Wakes up all loops, so that their threads reach a checkpoint. */
static void wake_all(void) {
  struct hf_link *link;
  uv_mutex_lock(&registry_lock);
  HF_LIST_EACH(link, &engines) {
    if (!engine_of(link)->stopping) {
      (void)uv_async_send(&engine_of(link)->loop.wake);
    }
  }
  uv_mutex_unlock(&registry_lock);
}

static void park_workers(int32_t timeout_ms) {
  struct hf_link *link;
  uv_mutex_lock(&registry_lock);
  HF_LIST_EACH(link, &engines) {
    hf_loop_park_workers(&engine_of(link)->loop, timeout_ms);
  }
  uv_mutex_unlock(&registry_lock);
}

/* Stops all threads before the process exits. */
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
    /* It ends when its pools are closed; the next port gets a new engine. */
    current = NULL;
    engine->detached = true;
  }
  uv_mutex_unlock(&registry_lock);
}
