/* SPDX-License-Identifier: MIT */
#include "core/pool/queue.h"

#include "core/pool/state.h"

/* Returns when waiting ends; 0 = never. */
static uint64_t patience_us(const struct hf_request *request) {
  uint64_t deadline = request->deadline_us;
  uint64_t acquire = request->acquire_us;
  if (deadline == 0 || (acquire != 0 && acquire < deadline)) {
    return acquire;
  }
  return deadline;
}

static void arm(struct hf_pool *pool, struct hf_request *request) {
  uint64_t at = patience_us(request);
  hf_pool_set_timer(pool, request, at != 0 ? at : UINT64_MAX);
}

static void enter_at_head(struct hf_pool *pool, struct hf_request *request) {
  pool->waiting_for_newer += request->newer_than != 0;
  hf_list_push_front(&pool->waiting, &request->link);
  hf_request_move(request, HF_REQUEST_WAITING);
  arm(pool, request);
}

void hf_queue_reenter(struct hf_pool *pool, struct hf_request *request) {
  pool->queue_checked_us =
      0; /* the last check of the queue did not see this request */
  if (request->acquire_us != 0) {
    /* acquire_us limits waiting: the time that it ran does not count */
    request->acquire_us += pool->now_us - request->started_us;
  }
  enter_at_head(pool, request);
}

enum hf_status hf_queue_enter(struct hf_pool *pool,
                              struct hf_request *request) {
  if (!hf_pool_takes_requests(pool)) {
    return HF_POOL_CLOSED;
  }
  if ((request->flags & HF_FLAG_PROBE) != 0) {
    /*
     * A health probe enters a full queue: that the queue is full is what it
     * reports.
     */
    enter_at_head(pool, request);
    return HF_OK;
  }
  if (pool->waiting.count >= (size_t)pool->config.queue_max) {
    return HF_QUEUE_FULL;
  }
  hf_list_push(&pool->waiting, &request->link);
  hf_request_move(request, HF_REQUEST_WAITING);
  arm(pool, request);
  return HF_OK;
}

void hf_queue_leave(struct hf_pool *pool, struct hf_request *request) {
  pool->waiting_for_newer -= request->newer_than != 0;
  request->newer_than = 0;
  hf_list_remove(&pool->waiting, &request->link);
  hf_pool_set_timer(pool, request, UINT64_MAX);
}

struct hf_request *hf_queue_first(const struct hf_pool *pool) {
  struct hf_link *link = hf_list_first(&pool->waiting);
  return link == NULL ? NULL : HF_CONTAINER_OF(link, struct hf_request, link);
}
