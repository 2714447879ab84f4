/* SPDX-License-Identifier: MIT */
#include "net/engine/health_ops.h"

#include "core/base/alloc.h"
#include "net/base/clock.h"
#include "net/engine/call.h"
#include "net/engine/call_answer.h"
#include "net/engine/netpool.h"
#include "net/engine/outbox.h"
#include "net/engine/port.h"
#include "net/wire/message.h"

enum { US_PER_MS = 1000 };

struct warmup_op {
  struct hf_warmup_call call;
  struct hf_link of_port;
  struct hf_handle *handle;
  uint32_t id_low, id_high;
};

struct health_op {
  struct hf_health_check check;
  struct hf_handle *handle;
  uint32_t id_low, id_high;
};

static struct warmup_op *warmup_of(struct hf_warmup_call *call) {
  return HF_CONTAINER_OF(call, struct warmup_op, call);
}

static struct health_op *health_of(struct hf_health_check *check) {
  return HF_CONTAINER_OF(check, struct health_op, check);
}

/* ---- warm-up --------------------------------------------------------------
 */

static void answer_warmup(void *ctx,
                          struct hf_warmup_call *call,
                          enum hf_status status,
                          const struct hf_error *why) {
  const struct hf_netpool *pool = ctx;
  struct warmup_op *op = warmup_of(call);
  struct hf_port *port = op->handle->port;
  struct hf_gauges gauges;
  hf_list_remove(&port->warmups, &op->of_port);
  if (status == HF_OK) {
    hf_pool_gauges(&pool->core, &gauges);
    hf_outbox_send_ok(&port->outbox, op->id_low, op->id_high, gauges.total);
  } else {
    hf_outbox_refuse(&port->outbox, op->id_low, op->id_high, status, why);
  }
  hf_free(op);
}

void hf_health_ops_warmup(struct hf_handle *handle, const struct hf_op *op) {
  uint64_t now_us = hf_clock_us();
  struct warmup_op *made = hf_calloc(1, sizeof *made);
  if (made == NULL) {
    hf_outbox_refuse(&handle->port->outbox,
                     (uint32_t)op->id_low,
                     (uint32_t)op->id_high,
                     HF_NO_MEMORY,
                     NULL);
    return;
  }
  made->handle = handle;
  made->id_low = (uint32_t)op->id_low;
  made->id_high = (uint32_t)op->id_high;
  made->call.owner = handle;
  made->call.fail_fast = (op->flags & HF_FLAG_FAIL_FAST) != 0;
  made->call.until_us = op->deadline_ms <= 0
                            ? UINT64_MAX
                            : now_us + (uint64_t)op->deadline_ms * US_PER_MS;
  hf_list_push(&handle->port->warmups, &made->of_port);
  hf_warmup_begin(&handle->pool->warmup, &made->call, now_us);
}

void hf_health_ops_abort(struct hf_port *port, uint32_t low, uint32_t high) {
  struct hf_link *link;
  HF_LIST_EACH(link, &port->warmups) {
    struct warmup_op *op = HF_CONTAINER_OF(link, struct warmup_op, of_port);
    if (op->id_low == low && op->id_high == high) {
      hf_warmup_refuse(&op->handle->pool->warmup, &op->call, HF_ABORTED);
      return;
    }
  }
}

/* ---- health ---------------------------------------------------------------
 */

static struct hf_message *new_health_message(
    struct health_op *op,
    const struct hf_health_report *report) {
  struct hf_message_head head = {.kind = HF_MSG_HEALTH,
                                 .n_ints = HF_HEALTH_INTS,
                                 .id_low = (int32_t)op->id_low,
                                 .id_high = (int32_t)op->id_high,
                                 .text = report->error->fields,
                                 .text_bytes = report->error->fields_bytes,
                                 .more = report->cause->fields,
                                 .more_bytes = report->cause->fields_bytes};
  return hf_outbox_new_answer(&op->handle->port->outbox, &head);
}

static void answer_check(void *ctx,
                         struct hf_health_check *check,
                         const struct hf_health_report *report) {
  struct health_op *op = health_of(check);
  struct hf_message *message = new_health_message(op, report);
  const struct hf_health_verdict *verdict = &report->verdict;
  (void)ctx;
  if (message != NULL) {
    hf_call_describe_error(message,
                           report->error,
                           report->cause,
                           report->request,
                           &report->gauges);
    message->ints[HF_HEALTH_STATUS] = (int32_t)verdict->status;
    message->ints[HF_HEALTH_OBSTACLE] = (int32_t)verdict->obstacle;
    message->ints[HF_HEALTH_ISSUES] = (int32_t)verdict->issues;
    message->ints[HF_HEALTH_WARMED] = report->warmed;
    message->ints[HF_HEALTH_POOLER] = (int32_t)verdict->pooler;
    message->ints[HF_HEALTH_ROLE] = (int32_t)verdict->role;
    message->ints[HF_HEALTH_BREAKER] = report->gauges.breaker;
    message->ints[HF_HEALTH_ANSWER_MS] = verdict->answer_ms;
    message->ints[HF_HEALTH_LOST] = verdict->lost;
    hf_outbox_send(&op->handle->port->outbox, message);
  }
  hf_free(op);
}

void hf_health_ops_check(struct hf_handle *handle, const struct hf_op *op) {
  uint64_t now_us = hf_clock_us();
  int32_t limit_ms =
      op->deadline_ms > 0 ? op->deadline_ms : (int32_t)HF_HEALTH_TIMEOUT_MS;
  struct health_op *made = hf_calloc(1, sizeof *made);
  if (made == NULL) {
    hf_outbox_refuse(&handle->port->outbox,
                     (uint32_t)op->id_low,
                     (uint32_t)op->id_high,
                     HF_NO_MEMORY,
                     NULL);
    return;
  }
  made->handle = handle;
  made->id_low = (uint32_t)op->id_low;
  made->id_high = (uint32_t)op->id_high;
  made->check.owner = handle;
  made->check.ends_us = now_us + (uint64_t)limit_ms * US_PER_MS;
  made->check.asks_to_read = (op->flags & HF_FLAG_READ_ONLY) != 0;
  hf_health_begin(&handle->pool->health, &made->check, now_us);
  if (handle->ending) {
    hf_health_ops_end(handle);
  }
}

/* ---- probes ---------------------------------------------------------------
 */

static struct hf_health_probe *make_probe(void *ctx, uint64_t limit_us) {
  struct hf_call *call = hf_call_new_probe(ctx, HF_HEALTH_SQL, limit_us);
  return call == NULL ? NULL : call->unit.probe;
}

static void send_probe(void *ctx, struct hf_health_probe *probe) {
  struct hf_netpool *pool = ctx;
  hf_pool_submit(&pool->core, probe->request, hf_clock_us());
}

void hf_health_ops_on_probed(struct hf_netpool *pool, struct hf_call *call) {
  hf_health_on_probed(&pool->health, call->unit.probe, hf_clock_us());
}

/* ---- a pool's -------------------------------------------------------------
 */

void hf_health_ops_init(struct hf_netpool *pool) {
  struct hf_health_io io = {pool, make_probe, send_probe, answer_check};
  hf_warmup_init(&pool->warmup, &pool->core, answer_warmup, pool);
  hf_health_init(&pool->health, &pool->core, &pool->warmup, &io);
}

void hf_health_ops_end(struct hf_handle *handle) {
  hf_warmup_end_owner(&handle->pool->warmup, handle);
  hf_health_end_owner(&handle->pool->health, handle);
}

void hf_health_ops_end_turn(struct hf_netpool *pool) {
  uint64_t now_us = hf_clock_us();
  hf_warmup_review(&pool->warmup, now_us);
  hf_health_review(&pool->health, now_us);
}

uint64_t hf_health_ops_next_us(const struct hf_netpool *pool) {
  uint64_t warmup_us = hf_warmup_next_us(&pool->warmup);
  uint64_t health_us = hf_health_next_us(&pool->health);
  return warmup_us < health_us ? warmup_us : health_us;
}
