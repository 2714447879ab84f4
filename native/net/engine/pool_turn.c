/* SPDX-License-Identifier: MIT */
#include "net/engine/pool_turn.h"

#include "net/base/clock.h"
#include "net/engine/environment.h"
#include "net/engine/health_ops.h"
#include "net/engine/listen_session.h"
#include "net/engine/netpool.h"
#include "net/engine/port.h"
#include "net/engine/single_flight.h"

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

/*
 * Returns whether end() of the handle can be answered. The last handle with
 * work waits until the connections are closed.
 */
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
  hf_outbox_send_ok(&port->outbox, handle->end_id_low, handle->end_id_high, 0);
  hf_environment_drop(port, handle);
}

void hf_pool_turn_end(struct hf_netpool *pool) {
  struct hf_link *link;
  struct hf_link *after;
  hf_netpool_fail_unopened(pool);
  hf_health_ops_end_turn(pool);
  HF_LIST_EACH_SAFE(link, after, &pool->handles) {
    struct hf_handle *handle = handle_of(link);
    hf_query_cache_end_turn(handle);
    if (handle->ending) {
      review_end(pool, handle);
    }
  }
  hf_listen_session_end_turn(pool);
  if (pool->closed && hf_list_empty(&pool->handles) && pool->openings == 0 &&
      hf_listen_session_is_over(pool)) {
    hf_listen_session_free(pool);
    hf_netpool_free(pool);
  }
}

uint64_t hf_pool_turn_next_us(const struct hf_netpool *pool) {
  uint64_t next = hf_pool_next_us(&pool->core);
  uint64_t listen_us = hf_listen_session_next_us(pool);
  uint64_t asked_us = hf_health_ops_next_us(pool);
  struct hf_link *link;
  next = asked_us < next ? asked_us : next;
  HF_LIST_EACH(link, &pool->handles) {
    const struct hf_handle *handle = handle_of(link);
    uint64_t cached_us = hf_query_cache_next_us(handle);
    if (handle->ending && !handle->cut && handle->drain_us < next) {
      next = handle->drain_us;
    }
    next = cached_us < next ? cached_us : next;
  }
  return listen_us < next ? listen_us : next;
}
