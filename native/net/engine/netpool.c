/* SPDX-License-Identifier: MIT */
/* Pools of the engine: making, sharing, handles, events, the end. */
#include "net/engine/netpool.h"

#include <stdio.h>
#include <string.h>

#include "core/base/alloc.h"
#include "net/base/clock.h"
#include "net/connect/target.h"
#include "net/engine/connect_slot.h"
#include "net/engine/port.h"
#include "net/engine/query_cache.h"
#include "net/wire/message.h"

enum { US_PER_MS = 1000, MS_PER_S = 1000, PREFIX_BYTES = 3 };

static const char target_prefix[] = "pg.";

/* ---- making -------------------------------------------------------------- */

/* Every field but the key is an option of some layer, by its prefix. */
static enum hf_status set_option(struct hf_netpool *pool,
                                 struct hf_config *config,
                                 const char *name,
                                 const char *value,
                                 struct hf_error *error) {
  if (strncmp(name, target_prefix, PREFIX_BYTES) == 0) {
    return hf_target_set(pool->target, name + PREFIX_BYTES, value, error);
  }
  if (strncmp(name, "set.", 4) == 0 || strncmp(name, "sql.", 4) == 0) {
    return HF_OK; /* session_sql.c */
  }
  if (strcmp(name, "has.password") == 0) {
    pool->asks_password = true;
    return HF_OK;
  }
  return hf_config_set(config, name, value, error);
}

static enum hf_status set_default(struct hf_target *target,
                                  const char *key,
                                  int32_t value,
                                  struct hf_error *error) {
  char text[16];
  if (hf_target_get(target, key) != NULL) {
    return HF_OK;
  }
  (void)snprintf(text, sizeof text, "%d", (int)value);
  return hf_target_set(target, key, text, error);
}

/* Dead peers are found by the kernel, too. */
static enum hf_status set_keepalives(struct hf_target *target,
                                     const struct hf_config *config,
                                     struct hf_error *error) {
  int32_t idle_s = config->keep_alive_initial_delay_ms / MS_PER_S;
  enum hf_status status =
      set_default(target, "keepalives", config->keep_alive ? 1 : 0, error);
  if (status == HF_OK) {
    status =
        set_default(target, "keepalives_idle", idle_s < 1 ? 1 : idle_s, error);
  }
  if (status == HF_OK) {
    status = set_default(target, "keepalives_interval", 3, error);
  }
  if (status == HF_OK) {
    status = set_default(target, "keepalives_count", 3, error);
  }
  if (status == HF_OK && config->tcp_user_timeout_ms > 0) {
    status = set_default(target,
                         "tcp_user_timeout",
                         config->tcp_user_timeout_ms,
                         error);
  }
  return status;
}

static enum hf_status set_options(struct hf_netpool *pool,
                                  const char *const *fields,
                                  int32_t n_fields,
                                  struct hf_error *error) {
  struct hf_config config;
  struct hf_world world;
  enum hf_status status = HF_OK;
  int32_t i;
  hf_config_init(&config);
  for (i = 0; i + 1 < n_fields && status == HF_OK; i += 2) {
    status = set_option(pool, &config, fields[i], fields[i + 1], error);
  }
  if (status == HF_OK) {
    status = hf_config_check(&config, error);
  }
  if (status == HF_OK) {
    status = set_keepalives(pool->target, &config, error);
  }
  if (status != HF_OK) {
    return status;
  }
  hf_netpool_make_world(pool, &world);
  status = hf_pool_init(&pool->core, &config, &world, hf_clock_us());
  pool->core.fresh_logins = pool->asks_password;
  if (status == HF_OK) {
    status = hf_session_sql_build(&pool->shared.sql, &config, fields, n_fields);
  }
  if (status == HF_OK && pool->shared.sql.start != NULL) {
    status = hf_target_set_session(pool->target, pool->shared.sql.start);
  }
  return status;
}

static void release(struct hf_netpool *pool) {
  hf_target_unref(pool->target);
  hf_credentials_finish(&pool->credentials);
  hf_free(pool->key);
  hf_free(pool->options);
  hf_session_sql_finish(&pool->shared.sql);
  hf_free(pool);
}

struct hf_netpool *hf_netpool_new(struct hf_engine *engine,
                                  const char *const *fields,
                                  int32_t n_fields,
                                  bool shared,
                                  struct hf_error *error) {
  struct hf_netpool *pool = hf_calloc(1, sizeof *pool);
  if (pool == NULL) {
    goto fail_memory;
  }
  pool->engine = engine;
  pool->shared.loop = &engine->loop;
  pool->shared.callbacks = &hf_netpool_callbacks;
  pool->shared.config = &pool->core.config;
  pool->shared.stats = &pool->core.stats;
  hf_credentials_init(&pool->credentials);
  pool->target = hf_target_new();
  if (pool->target == NULL) {
    goto fail_target;
  }
  hf_list_init(&pool->handles);
  if ((shared &&
       (pool->key = hf_strndup(fields[0], strlen(fields[0]))) == NULL) ||
      hf_netpool_keep_options(pool, fields + 1, n_fields - 1) != HF_OK) {
    goto fail_target;
  }
  if (set_options(pool, fields + 1, n_fields - 1, error) != HF_OK) {
    goto fail_options;
  }
  hf_statements_init(&pool->shared.statements, &engine->statements);
  hf_list_push(&engine->pools, &pool->of_engine);
  return pool;

fail_options:
  if (pool->core.places != NULL) {
    hf_pool_finish(&pool->core);
  }
  release(pool);
  return NULL;
fail_target:
  release(pool);
fail_memory:
  hf_error_set(error, HF_NO_MEMORY, HF_PHASE_LOCAL, NULL);
  return NULL;
}

struct hf_netpool *hf_netpool_find(struct hf_engine *engine, const char *key) {
  struct hf_link *link;
  HF_LIST_EACH(link, &engine->pools) {
    struct hf_netpool *pool =
        HF_CONTAINER_OF(link, struct hf_netpool, of_engine);
    if (pool->key != NULL && hf_pool_takes_requests(&pool->core) &&
        strcmp(pool->key, key) == 0) {
      return pool;
    }
  }
  return NULL;
}

bool hf_netpool_is_proxied(const struct hf_netpool *pool) {
  return pool->proxied || pool->core.config.pooler == HF_POOLER_TRANSACTION;
}

void hf_netpool_warm(struct hf_netpool *pool,
                     struct hf_handle *handle,
                     const struct hf_op *op) {
  uint64_t now_us = hf_clock_us();
  int32_t target = pool->core.config.min < 1 ? 1 : pool->core.config.min;
  handle->warming = true;
  handle->warm_id_low = (uint32_t)op->id_low;
  handle->warm_id_high = (uint32_t)op->id_high;
  handle->warm_since_us = now_us;
  handle->warm_until_us = op->deadline_ms <= 0
                              ? UINT64_MAX
                              : now_us + (uint64_t)op->deadline_ms * US_PER_MS;
  hf_pool_warm(&pool->core, target, now_us);
}

/* ---- the end of a turn --------------------------------------------------- */

static void review_warming(struct hf_netpool *pool, struct hf_handle *handle) {
  struct hf_pool *core = &pool->core;
  struct hf_gauges gauges;
  enum hf_status refused = HF_OK;
  hf_pool_gauges(core, &gauges);
  if (gauges.total - gauges.connecting >= core->warm_target) {
    handle->warming = false;
    hf_stats_record(&core->stats,
                    HF_HISTOGRAM_WARMUP_TIME,
                    hf_clock_us() - handle->warm_since_us);
    hf_outbox_send_ok(&handle->port->outbox,
                      handle->warm_id_low,
                      handle->warm_id_high,
                      gauges.total);
    return;
  }
  if (!hf_pool_takes_requests(core)) {
    refused = HF_POOL_CLOSED;
  } else if (hf_clock_us() >= handle->warm_until_us) {
    refused = HF_DEADLINE;
  } else if (core->connect_error.outcome == HF_OUTCOME_PERMANENT) {
    refused = core->connect_error.status;
  }
  if (refused != HF_OK) {
    handle->warming = false;
    hf_outbox_refuse(&handle->port->outbox,
                     handle->warm_id_low,
                     handle->warm_id_high,
                     refused,
                     &core->connect_error);
  }
}

static void fail_undialed(struct hf_netpool *pool) {
  struct hf_link *link;
  struct hf_link *after;
  struct hf_error error;
  pool->undialed = false;
  hf_error_init(&error);
  hf_error_set(&error, HF_NO_MEMORY, HF_PHASE_CONNECT, NULL);
  HF_LIST_EACH_SAFE(link, after, &pool->core.slots_in[HF_SLOT_CONNECTING]) {
    struct hf_slot *slot = HF_CONTAINER_OF(link, struct hf_slot, link);
    if (slot->dial == NULL && slot->conn == NULL) {
      hf_pool_on_connect_failed(&pool->core, slot, &error, hf_clock_us());
    }
  }
  HF_LIST_EACH_SAFE(link, after, &pool->core.slots_in[HF_SLOT_CLOSING]) {
    struct hf_slot *slot = HF_CONTAINER_OF(link, struct hf_slot, link);
    if (slot->undialed) {
      slot->undialed = false;
      hf_pool_on_closed(&pool->core, slot, hf_clock_us());
    }
  }
  hf_error_finish(&error);
}

void hf_netpool_fail_later(struct hf_netpool *pool, struct hf_slot *slot) {
  pool->undialed = true;
  slot->undialed = slot->state == HF_SLOT_CLOSING;
}

static struct hf_handle *handle_of(struct hf_link *link) {
  return HF_CONTAINER_OF(link, struct hf_handle, of_pool);
}

void hf_netpool_end_turn(struct hf_netpool *pool) {
  struct hf_link *link;
  struct hf_link *after;
  if (pool->undialed) {
    fail_undialed(pool);
  }
  HF_LIST_EACH_SAFE(link, after, &pool->handles) {
    struct hf_handle *handle = handle_of(link);
    hf_query_cache_end_turn(handle);
    if (handle->warming) {
      review_warming(pool, handle);
    }
    if (handle->ending) {
      hf_netpool_review_end(pool, handle);
    }
  }
  if (pool->closed && hf_list_empty(&pool->handles) && pool->dials == 0) {
    hf_list_remove(&pool->engine->pools, &pool->of_engine);
    hf_statements_finish(&pool->shared.statements);
    hf_pool_finish(&pool->core);
    release(pool);
  }
}

uint64_t hf_netpool_next_us(const struct hf_netpool *pool) {
  uint64_t next = hf_pool_next_us(&pool->core);
  struct hf_link *link;
  HF_LIST_EACH(link, &pool->handles) {
    const struct hf_handle *handle = handle_of(link);
    uint64_t cached_us = hf_query_cache_next_us(handle);
    if (handle->ending && !handle->cut && handle->drain_us < next) {
      next = handle->drain_us;
    }
    if (handle->warming && handle->warm_until_us < next) {
      next = handle->warm_until_us;
    }
    next = cached_us < next ? cached_us : next;
  }
  return next;
}

void hf_netpool_set_proxied(struct hf_netpool *pool) {
  struct hf_link *link;
  int state;
  pool->proxied = true;
  for (state = HF_SLOT_IDLE; state < HF_SLOT_CLOSING; state++) {
    HF_LIST_EACH(link, &pool->core.slots_in[state]) {
      struct hf_slot *slot = HF_CONTAINER_OF(link, struct hf_slot, link);
      if (!slot->proxied) {
        slot->expires_us = 1; /* it ends when it is free */
      }
    }
  }
}
