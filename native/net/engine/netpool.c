/* SPDX-License-Identifier: MIT */
#include "net/engine/netpool.h"

#include <stdio.h>
#include <string.h>

#include "core/base/alloc.h"
#include "net/base/clock.h"
#include "net/conn/conn.h"
#include "net/connect/target.h"

enum { US_PER_MS = 1000, MS_PER_S = 1000, PREFIX_BYTES = 3 };

static const char target_prefix[] = "pg.";

/* ---- making -------------------------------------------------------------- */

/* Sets an option; its prefix says which layer it is for. */
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

/* The kernel detects dead peers. */
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
  struct hf_pool_io io = *pool->pools->io;
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
  io.ctx = pool;
  status = hf_pool_init(&pool->core, &config, &io, hf_clock_us());
  pool->core.password_may_change = pool->asks_password;
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

struct hf_netpool *hf_netpool_new(struct hf_netpools *pools,
                                  const char *const *fields,
                                  int32_t n_fields,
                                  bool shared,
                                  struct hf_error *error) {
  struct hf_netpool *pool = hf_calloc(1, sizeof *pool);
  if (pool == NULL) {
    goto fail_memory;
  }
  pool->pools = pools;
  pool->shared.loop = pools->loop;
  pool->shared.callbacks = pools->callbacks;
  pool->shared.config = &pool->core.config;
  pool->shared.stats = &pool->core.stats;
  hf_credentials_init(&pool->credentials);
  pool->target = hf_target_new();
  if (pool->target == NULL) {
    goto fail_target;
  }
  hf_list_init(&pool->handles);
  hf_list_init(&pool->once_due);
  if ((shared &&
       (pool->key = hf_strndup(fields[0], strlen(fields[0]))) == NULL) ||
      hf_netpool_keep_options(pool, fields + 1, n_fields - 1) != HF_OK) {
    goto fail_target;
  }
  if (set_options(pool, fields + 1, n_fields - 1, error) != HF_OK) {
    goto fail_options;
  }
  hf_statements_init(&pool->shared.statements, &pools->statements);
  hf_list_push(&pools->list, &pool->of_all);
  return pool;

fail_options:
  hf_pool_finish(&pool->core);
  release(pool);
  return NULL;
fail_target:
  release(pool);
fail_memory:
  hf_error_set(error, HF_NO_MEMORY, HF_PHASE_LOCAL, NULL);
  return NULL;
}

struct hf_netpool *hf_netpool_find(struct hf_netpools *pools, const char *key) {
  struct hf_link *link;
  HF_LIST_EACH(link, &pools->list) {
    struct hf_netpool *pool = HF_CONTAINER_OF(link, struct hf_netpool, of_all);
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

uint64_t hf_netpool_cache_probe_us(const struct hf_netpool *pool) {
  return (uint64_t)pool->core.config.cache_notify_probe_ms * US_PER_MS;
}

/* ---- connections --------------------------------------------------------- */

void hf_netpool_fail_later(struct hf_netpool *pool, struct hf_slot *slot) {
  pool->unopened = true;
  slot->unopened = hf_slot_is_closing(slot);
}

void hf_netpool_set_proxied(struct hf_netpool *pool) {
  pool->proxied = true;
  hf_pool_retire_direct(&pool->core);
}

void hf_netpool_fail_unopened(struct hf_netpool *pool) {
  struct hf_error error;
  int32_t i;
  if (!pool->unopened) {
    return;
  }
  pool->unopened = false;
  hf_error_init(&error);
  hf_error_set(&error, HF_NO_MEMORY, HF_PHASE_CONNECT, NULL);
  for (i = 0; i < pool->core.n_slots; i++) {
    struct hf_slot *slot = hf_pool_slot(&pool->core, i);
    if (hf_slot_is_connecting(slot) && slot->connect == NULL &&
        slot->conn == NULL) {
      hf_pool_on_connect_failed(&pool->core, slot, &error, hf_clock_us());
    } else if (slot->unopened) {
      slot->unopened = false;
      hf_pool_on_closed(&pool->core, slot, hf_clock_us());
    }
  }
  hf_error_finish(&error);
}

/* Reading moves slots between lists: walks them by index. */
void hf_netpool_resume_reading(struct hf_netpool *pool) {
  int32_t i;
  for (i = 0; i < pool->core.n_slots; i++) {
    struct hf_slot *slot = hf_pool_slot(&pool->core, i);
    if (slot->conn != NULL) {
      hf_conn_resume(slot->conn);
    }
  }
}

void hf_netpool_free(struct hf_netpool *pool) {
  hf_list_remove(&pool->pools->list, &pool->of_all);
  hf_statements_finish(&pool->shared.statements);
  hf_pool_finish(&pool->core);
  release(pool);
}
