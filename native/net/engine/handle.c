/* SPDX-License-Identifier: MIT */
#include "net/engine/handle.h"

#include "net/base/clock.h"
#include "net/engine/call.h"
#include "net/engine/call_table.h"
#include "net/engine/health_ops.h"
#include "net/engine/listen.h"
#include "net/engine/netpool.h"
#include "net/engine/port.h"

enum { US_PER_MS = 1000 };

static struct hf_handle *handle_of(struct hf_link *link) {
  return HF_CONTAINER_OF(link, struct hf_handle, of_pool);
}

void hf_handle_attach(struct hf_netpool *pool, struct hf_handle *handle) {
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

void hf_handle_suspend(struct hf_netpool *pool, struct hf_handle *handle) {
  handle->suspends = true;
  hf_pool_suspend(&pool->core, hf_clock_us());
}

void hf_handle_resume_all(struct hf_netpool *pool) {
  struct hf_link *link;
  HF_LIST_EACH(link, &pool->handles) {
    handle_of(link)->suspends = false;
  }
  hf_pool_resume(&pool->core, hf_clock_us());
}

/* A handle that goes cannot resume the pool any more. */
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
  hf_handle_resume_all(pool);
}

/* Detaches a call from a handle that goes. */
static void disown(struct hf_request *request) {
  struct hf_call *call = hf_call_of(request);
  hf_call_table_remove(call->handle->port, call);
  hf_call_table_remove_lease(call->handle->port, call);
  hf_call_orphan(call);
}

/* Returns the longest drain time that ending handles have left. */
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

/*
 * Without handles that end() was called on, the pool's own drain time counts.
 */
static void end_pool(struct hf_netpool *pool) {
  uint64_t now_us = hf_clock_us();
  hf_pool_end(&pool->core,
              hf_list_empty(&pool->handles) ? pool->core.config.drain_ms
                                            : longest_drain_ms(pool, now_us),
              now_us);
}

/* Stops sending notices of idle connections to the handle. */
static void clear_notice_owner(struct hf_netpool *pool,
                               const struct hf_handle *handle) {
  int32_t i;
  for (i = 0; i < pool->core.n_slots; i++) {
    struct hf_slot *slot = hf_pool_slot(&pool->core, i);
    if (slot->notice_owner == handle) {
      slot->notice_owner = NULL;
    }
  }
}

void hf_handle_detach(struct hf_netpool *pool,
                      struct hf_handle *handle,
                      bool orphan) {
  if (orphan) {
    hf_pool_drop_owner(&pool->core, handle, true, hf_clock_us());
    hf_pool_each_request(&pool->core, handle, disown);
  }
  hf_health_ops_end(handle);
  hf_list_remove(&pool->handles, &handle->of_pool);
  clear_notice_owner(pool, handle);
  if (is_last(pool, NULL)) {
    end_pool(pool);
  } else {
    lift_suspension(pool, handle);
  }
}

void hf_handle_end(struct hf_netpool *pool,
                   struct hf_handle *handle,
                   const struct hf_op *op) {
  int32_t drain_ms =
      op->timeout_ms > 0 ? op->timeout_ms : handle->config.drain_ms;
  hf_listen_drop(handle);
  handle->ending = true;
  hf_health_ops_end(handle);
  handle->end_id_low = (uint32_t)op->id_low;
  handle->end_id_high = (uint32_t)op->id_high;
  handle->drain_us = hf_clock_us() + (uint64_t)drain_ms * US_PER_MS;
  if (is_last(pool, handle)) {
    end_pool(pool);
  } else {
    lift_suspension(pool, handle);
  }
}
