/* SPDX-License-Identifier: MIT */
/*
 * Handles on a pool: each has work, time and an end of its own; the last one
 * ends the pool.
 */
#include "core/base/alloc.h"
#include "net/base/clock.h"
#include "net/engine/call.h"
#include "net/engine/greeter.h"
#include "net/engine/netpool.h"
#include "net/engine/port.h"

enum { US_PER_MS = 1000 };

static struct hf_handle *handle_of(struct hf_link *link) {
  return HF_CONTAINER_OF(link, struct hf_handle, of_pool);
}

void hf_netpool_attach(struct hf_netpool *pool, struct hf_handle *handle) {
  handle->pool = pool;
  hf_list_push(&pool->handles, &handle->of_pool);
}

static bool is_last(const struct hf_netpool *pool,
                    const struct hf_handle *except) {
  struct hf_link *link;
  HF_LIST_EACH(link, &pool->handles) {
    const struct hf_handle *handle = handle_of(link);
    if (handle != except && !handle->ending) {
      return false;
    }
  }
  return true;
}

void hf_netpool_suspend(struct hf_netpool *pool, struct hf_handle *handle) {
  handle->suspends = true;
  hf_pool_suspend(&pool->core, hf_clock_us());
}

void hf_netpool_resume(struct hf_netpool *pool) {
  struct hf_link *link;
  HF_LIST_EACH(link, &pool->handles) {
    handle_of(link)->suspends = false;
  }
  hf_pool_resume(&pool->core, hf_clock_us());
}

/* Who went cannot resume any more: the others must not wait for that. */
static void lift_suspension(struct hf_netpool *pool, struct hf_handle *handle) {
  struct hf_link *link;
  if (!handle->suspends) {
    return;
  }
  handle->suspends = false;
  HF_LIST_EACH(link, &pool->handles) {
    if (handle_of(link)->suspends) {
      return;
    }
  }
  hf_netpool_resume(pool);
}

/* Calls of a handle that goes are nobody's from now on. */
static void disown(struct hf_netpool *pool, const struct hf_handle *handle) {
  struct hf_link *link;
  HF_LIST_EACH(link, &pool->core.requests) {
    struct hf_request *request =
        HF_CONTAINER_OF(link, struct hf_request, of_all);
    if (request->owner == handle) {
      hf_call_orphan(hf_call_of(request));
    }
  }
}

/* How long the pool has to go on for those that are ending. */
static int32_t longest_drain_ms(const struct hf_netpool *pool,
                                uint64_t now_us) {
  struct hf_link *link;
  uint64_t longest_us = 0;
  HF_LIST_EACH(link, &pool->handles) {
    const struct hf_handle *handle = handle_of(link);
    if (handle->ending && handle->drain_us > now_us + longest_us) {
      longest_us = handle->drain_us - now_us;
    }
  }
  return (int32_t)((longest_us + US_PER_MS - 1) / US_PER_MS);
}

/* Nobody asked for an end whose environment is gone: the pool's own limit. */
static void end_pool(struct hf_netpool *pool) {
  uint64_t now_us = hf_clock_us();
  hf_pool_end(&pool->core,
              hf_list_empty(&pool->handles) ? pool->core.config.drain_ms
                                            : longest_drain_ms(pool, now_us),
              now_us);
}

void hf_netpool_detach(struct hf_netpool *pool,
                       struct hf_handle *handle,
                       bool orphan) {
  if (orphan) {
    hf_pool_drop_owner(&pool->core, handle, true, hf_clock_us());
    disown(pool, handle);
  }
  hf_list_remove(&pool->handles, &handle->of_pool);
  hf_greeter_forget_hearer(pool, handle);
  if (is_last(pool, NULL)) {
    end_pool(pool);
  } else {
    lift_suspension(pool, handle);
  }
}

void hf_netpool_end(struct hf_netpool *pool,
                    struct hf_handle *handle,
                    const struct hf_op *op) {
  int32_t drain_ms =
      op->timeout_ms > 0 ? op->timeout_ms : handle->config.drain_ms;
  handle->ending = true;
  handle->end_id_low = (uint32_t)op->id_low;
  handle->end_id_high = (uint32_t)op->id_high;
  handle->drain_us = hf_clock_us() + (uint64_t)drain_ms * US_PER_MS;
  if (is_last(pool, handle)) {
    end_pool(pool);
  } else {
    lift_suspension(pool, handle);
  }
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

void hf_netpool_review_end(struct hf_netpool *pool, struct hf_handle *handle) {
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
  hf_port_forget(port, handle);
}
