/* SPDX-License-Identifier: MIT */
#include "net/engine/pool_turn.h"

#include "net/base/clock.h"
#include "net/engine/environment.h"
#include "net/engine/listen_session.h"
#include "net/engine/netpool.h"
#include "net/engine/port.h"
#include "net/engine/query_cache_flight.h"

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

static struct hf_handle *handle_of(struct hf_link *link) {
  return HF_CONTAINER_OF(link, struct hf_handle, of_pool);
}

static bool has_work(const struct hf_handle *handle) {
  return handle->calls > 0 || (handle->leases > 0 && !handle->cut);
}

static bool others_have_work(const struct hf_netpool *pool,
                             const struct hf_handle *except) {
  struct hf_link *link;
  HF_LIST_EACH(link, &pool->handles) {
    if (handle_of(link) != except && has_work(handle_of(link))) {
      return true;
    }
  }
  return false;
}

/* The last one also waits for the connections, unless others keep them. */
static bool is_over(const struct hf_netpool *pool,
                    const struct hf_handle *handle) {
  if (pool->closed) {
    return true;
  }
  return !has_work(handle) && (hf_pool_takes_requests(&pool->core) ||
                               others_have_work(pool, handle));
}

static void review_end(struct hf_netpool *pool, struct hf_handle *handle) {
  uint64_t now_us = hf_clock_us();
  struct hf_port *port = handle->port;
  if (!handle->cut && now_us >= handle->drain_us) {
    handle->cut = true;
    hf_pool_cut_owner(&pool->core, handle, now_us);
  }
  if (!is_over(pool, handle)) {
    return;
  }
  if (handle->warming) {
    hf_outbox_refuse(&port->outbox,
                     handle->warm_id_low,
                     handle->warm_id_high,
                     HF_POOL_CLOSED,
                     NULL);
  }
  hf_outbox_send_ok(&port->outbox, handle->end_id_low, handle->end_id_high, 0);
  hf_environment_drop(port, handle);
}

void hf_pool_turn_end(struct hf_netpool *pool) {
  struct hf_link *link;
  struct hf_link *after;
  hf_netpool_fail_undialed(pool);
  HF_LIST_EACH_SAFE(link, after, &pool->handles) {
    struct hf_handle *handle = handle_of(link);
    hf_query_cache_end_turn(handle);
    if (handle->warming) {
      review_warming(pool, handle);
    }
    if (handle->ending) {
      review_end(pool, handle);
    }
  }
  hf_listen_session_end_turn(pool);
  if (pool->closed && hf_list_empty(&pool->handles) && pool->dials == 0 &&
      hf_listen_session_is_over(pool)) {
    hf_listen_session_free(pool);
    hf_netpool_free(pool);
  }
}

uint64_t hf_pool_turn_next_us(const struct hf_netpool *pool) {
  uint64_t next = hf_pool_next_us(&pool->core);
  uint64_t listen_us = hf_listen_session_next_us(pool);
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
  return listen_us < next ? listen_us : next;
}
