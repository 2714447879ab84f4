/* SPDX-License-Identifier: MIT */
#include "net/engine/pooler.h"

#include <string.h>

#include "net/conn/conn.h"
#include "net/connect/connect_job.h"
#include "net/engine/netpool.h"

bool hf_pooler_is_auto(const struct hf_netpool *pool) {
  return pool->core.config.pooler == HF_POOLER_AUTO;
}

bool hf_pooler_should_detect(const struct hf_netpool *pool) {
  return pool->core.pooler_has_no_server ||
         (pool->core.config.pooler == HF_POOLER_AUTO && !pool->proxied);
}

bool hf_pooler_takes_settings_at_start(const struct hf_netpool *pool) {
  return pool->shared.sql.count > 0 && !pool->start_refused &&
         (pool->starts_proxied || !hf_netpool_is_proxied(pool));
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

/*
 * Returns whether another connection has the same server process: only a pooler
 * lets two clients share one.
 */
static bool is_anothers(const struct hf_netpool *pool,
                        const struct hf_slot *slot) {
  int32_t i;
  for (i = 0; i < pool->core.n_slots; i++) {
    const struct hf_slot *other = hf_pool_slot(&pool->core, i);
    if (!hf_slot_is_closing(other) && is_same_process(slot, other)) {
      return true;
    }
  }
  return false;
}

bool hf_pooler_judge(struct hf_netpool *pool,
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

void hf_pooler_compare(struct hf_netpool *pool, struct hf_slot *slot) {
  if (hf_pooler_is_auto(pool) && slot->server_answered && !slot->proxied &&
      is_anothers(pool, slot)) {
    hf_netpool_set_proxied(pool);
    slot->proxied = true;
  }
}

bool hf_pooler_refuses_start(const struct hf_error *error) {
  const char *message = hf_error_field(error, 'M');
  return (strcmp(error->sqlstate, "08P01") == 0 ||
          strcmp(error->sqlstate, "0A000") == 0) &&
         message != NULL &&
         (strstr(message, "option") != NULL ||
          strstr(message, "startup parameter") != NULL);
}

bool hf_pooler_omits(struct hf_netpool *pool,
                     const struct hf_error *error,
                     bool with_settings) {
  static const char refusal[] = "unsupported startup parameter: ";
  const char *message = hf_error_field(error, 'M');
  const char *at = message == NULL ? NULL : strstr(message, refusal);
  if (with_settings && hf_pooler_refuses_start(error) &&
      (at == NULL || strstr(at, "application_name") == NULL)) {
    pool->start_refused = true;
    return true;
  }
  return strcmp(error->sqlstate, "08P01") == 0 && at != NULL &&
         hf_target_omit(pool->target, at + strlen(refusal));
}
