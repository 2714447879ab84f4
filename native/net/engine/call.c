/* SPDX-License-Identifier: MIT */
/* Calls: from operations, to messages. */
#include "net/engine/call.h"

#include <assert.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/features/health.h"
#include "core/pool/pool.h"
#include "core/sql/command.h"
#include "net/base/clock.h"
#include "net/engine/cache_params.h"
#include "net/engine/netpool.h"
#include "net/engine/port.h"
#include "net/wire/message.h"

enum { US_PER_MS = 1000 };

static enum hf_request_kind kind_of(const struct hf_op *op) {
  if (op->kind == HF_OP_ACQUIRE) {
    return HF_REQUEST_ACQUIRE;
  }
  return op->kind == HF_OP_QUERY ? HF_REQUEST_QUERY : HF_REQUEST_STATEMENT;
}

static uint64_t at(uint64_t now_us, int32_t ms) {
  return ms <= 0 ? 0 : now_us + (uint64_t)ms * US_PER_MS;
}

static void set_limits(struct hf_call *call,
                       const struct hf_op *op,
                       const struct hf_config *config,
                       uint64_t now_us) {
  struct hf_request *request = &call->unit.request;
  request->id_low = (uint32_t)op->id_low;
  request->id_high = (uint32_t)op->id_high;
  request->flags = op->flags;
  request->deadline_us = at(now_us, op->deadline_ms);
  request->acquire_us = at(now_us, op->acquire_ms);
  request->timeout_us =
      op->timeout_ms <= 0 ? 0 : (uint64_t)op->timeout_ms * US_PER_MS;
  request->max_retries = op->retries < 0 ? config->max_retries : op->retries;
  request->retry_base_ms = config->retry_base_ms;
  request->retry_cap_ms = config->retry_cap_ms;
  request->slow_query_ms = config->slow_query_ms;
}

struct hf_call *hf_call_new(const struct hf_op *op,
                            const char *const *fields,
                            struct hf_handle *handle,
                            uint64_t now_us) {
  const struct hf_config *config = &handle->config;
  bool named = (op->flags & HF_FLAG_NAMED) != 0;
  struct hf_cache_params terms;
  int32_t taken =
      op->kind == HF_OP_ACQUIRE ? 0 : hf_cache_params_read(op, fields, &terms);
  int32_t n = op->n_fields - taken;
  size_t span = hf_values_span(fields + taken, n);
  struct hf_unit *unit;
  struct hf_call *call = hf_alloc(
      sizeof *call + (size_t)n * sizeof *call->unit.values.texts + span);
  if (call == NULL) {
    return NULL;
  }
  memset(call, 0, sizeof *call);
  unit = &call->unit;
  hf_request_init(&unit->request, kind_of(op));
  set_limits(call, op, config, now_us);
  unit->request.owner = handle;
  call->handle = handle;
  unit->columns = &handle->port->row_descriptions;
  unit->decode = op->decode;
  unit->named = named;
  unit->max_result_bytes = (uint64_t)config->max_result_bytes;
  unit->values.n = n;
  unit->values.texts = (const char **)(call + 1);
  if (op->kind == HF_OP_ACQUIRE) {
    hf_lease_init(&call->lease, handle);
    unit->request.lease = &call->lease;
    return call;
  }
  unit->statement = hf_statements_use(&handle->pool->shared.statements,
                                      fields[0],
                                      strlen(fields[0]));
  if (unit->statement == NULL ||
      hf_values_take(&unit->values,
                     fields + taken,
                     (char *)(unit->values.texts + n),
                     span) != HF_OK) {
    hf_values_finish(&unit->values);
    hf_statement_release(unit->statement);
    hf_free(call);
    return NULL;
  }
  unit->bytes = unit->statement->bytes + span;
  unit->request.sql = unit->statement->sql;
  unit->request.usual_us = unit->statement->usual_us;
  unit->request.sql.read_only &= config->infer_reads;
  unit->request.sql.read_if_standard &= config->infer_reads;
  if (unit->request.sql.multiple &&
      (n > 0 || (op->flags & HF_FLAG_EXTENDED) != 0)) {
    /* The extended protocol refuses them at Parse: nothing of it runs. */
    unit->request.sql.may_commit_midway = false;
  }
  return call;
}

enum hf_status hf_call_end_transaction(struct hf_call *call,
                                       int32_t within_ms) {
  static const char rollback[] = "ROLLBACK";
  struct hf_request *request = &call->unit.request;
  bool commit = request->sql.kind == HF_SQL_COMMIT;
  if (request->sql.multiple ||
      (!commit && request->sql.kind != HF_SQL_ROLLBACK)) {
    return HF_PARAM_INVALID;
  }
  if (!commit) {
    request->flags |= HF_FLAG_URGENT;
  } else {
    call->rollback = hf_statements_use(&call->handle->pool->shared.statements,
                                       rollback,
                                       sizeof rollback - 1);
    if (call->rollback == NULL) {
      return HF_NO_MEMORY;
    }
  }
  request->acquire_us = 0;
  hf_transaction_end(&request->end, commit, at(0, within_ms));
  return HF_OK;
}

void hf_call_choose_statement(struct hf_call *call) {
  if (call->rollback != NULL &&
      hf_transaction_rolls_back(&call->unit.request.end)) {
    hf_statement_release(call->unit.statement);
    call->unit.statement = call->rollback;
    call->rollback = NULL;
  }
}

struct hf_call *hf_call_new_for_listener(struct hf_netpool *pool,
                                         struct hf_listen *listen,
                                         const char *sql) {
  const struct hf_config *config = &pool->core.config;
  struct hf_call *call = hf_calloc(1, sizeof *call);
  struct hf_request *request;
  if (call == NULL) {
    return NULL;
  }
  request = &call->unit.request;
  hf_request_init(request,
                  sql == NULL ? HF_REQUEST_ACQUIRE : HF_REQUEST_STATEMENT);
  request->slow_query_ms = config->slow_query_ms;
  request->retry_base_ms = config->retry_base_ms;
  request->retry_cap_ms = config->retry_cap_ms;
  call->unit.max_result_bytes = (uint64_t)config->max_result_bytes;
  call->listen = listen;
  if (sql == NULL) {
    /* The listener decides when to try again, not the pool. */
    request->flags = HF_FLAG_SESSION | HF_FLAG_FAIL_FAST;
    hf_lease_init(&call->lease, NULL);
    request->lease = &call->lease;
    return call;
  }
  call->unit.statement =
      hf_statements_use(&pool->shared.statements, sql, strlen(sql));
  if (call->unit.statement == NULL) {
    hf_free(call);
    return NULL;
  }
  request->sql = call->unit.statement->sql;
  return call;
}

struct hf_call *hf_call_new_probe(struct hf_netpool *pool,
                                  const char *sql,
                                  uint64_t limit_us) {
  const struct hf_config *config = &pool->core.config;
  struct hf_call *call = hf_calloc(1, sizeof *call);
  struct hf_unit *unit = &call->unit;
  if (call == NULL) {
    return NULL;
  }
  hf_request_init(&unit->request, HF_REQUEST_QUERY);
  unit->probe = hf_calloc(1, sizeof *unit->probe);
  unit->statement =
      hf_statements_use(&pool->shared.statements, sql, strlen(sql));
  if (unit->probe == NULL || unit->statement == NULL) {
    hf_call_free(call);
    return NULL;
  }
  unit->probe->request = &unit->request;
  unit->request.flags = HF_FLAG_PROBE | HF_FLAG_CALLER_DEADLINE;
  unit->request.deadline_us = limit_us;
  unit->request.max_retries = config->max_retries;
  unit->request.retry_base_ms = -1;
  unit->request.retry_cap_ms = -1;
  unit->request.slow_query_ms = -1;
  unit->request.sql = unit->statement->sql;
  unit->request.sql.read_only &= config->infer_reads;
  unit->request.sql.read_if_standard &= config->infer_reads;
  unit->request.usual_us = unit->statement->usual_us;
  unit->bytes = unit->statement->bytes;
  unit->max_result_bytes = (uint64_t)config->max_result_bytes;
  return call;
}

struct hf_call *hf_call_new_replacement(const struct hf_call *call) {
  struct hf_call *made = hf_calloc(1, sizeof *made);
  if (made != NULL) {
    hf_unit_init_replacement(&made->unit, &call->unit);
  }
  return made;
}

void hf_call_orphan(struct hf_call *call) {
  hf_unit_orphan(&call->unit);
  call->handle = NULL;
}

void hf_call_free(struct hf_call *call) {
  assert(!call->found_by_id && !call->found_by_lease);
  hf_statement_release(call->rollback);
  if (call->unit.request.kind == HF_REQUEST_ACQUIRE) {
    hf_lease_finish(&call->lease);
  }
  hf_unit_finish(&call->unit);
  hf_free(call->cached);
  hf_free(call);
}

/* The status of a lease's connection after the statement; 0 when unknown. */
static int32_t transaction_of(const struct hf_call *call) {
  const struct hf_request *request = &call->unit.request;
  return request->kind == HF_REQUEST_STATEMENT &&
                 request->state == HF_REQUEST_DONE
             ? request->transaction
             : 0;
}

static bool only_reads(const struct hf_call *call) {
  return call->unit.request.sql.read_only ||
         (call->unit.request.flags & HF_FLAG_READ_ONLY) != 0;
}

void hf_call_describe_error(struct hf_message *message,
                            const struct hf_error *error,
                            const struct hf_error *cause,
                            const struct hf_request *request,
                            const struct hf_gauges *gauges) {
  message->ints[HF_ERROR_STATUS] = (int32_t)error->status;
  message->ints[HF_ERROR_OUTCOME] = (int32_t)error->outcome;
  message->ints[HF_ERROR_RETRYABLE] = error->retryable;
  message->ints[HF_ERROR_UNIT] = (int32_t)error->unit;
  message->ints[HF_ERROR_PHASE] = (int32_t)error->phase;
  message->ints[HF_ERROR_ERRNO] = error->sys_errno;
  message->ints[HF_ERROR_CAUSE_STATUS] = (int32_t)cause->status;
  message->ints[HF_ERROR_CAUSE_ERRNO] = cause->sys_errno;
  message->ints[HF_ERROR_TOTAL] = gauges->total;
  message->ints[HF_ERROR_BUSY] = gauges->busy;
  message->ints[HF_ERROR_IDLE] = gauges->idle;
  message->ints[HF_ERROR_WAITING] = gauges->waiting;
  message->ints[HF_ERROR_LEASED] = gauges->leased;
  if (request != NULL) {
    message->ints[HF_ERROR_ATTEMPTS] = request->attempts;
    message->ints[HF_ERROR_ELAPSED_MS] =
        (int32_t)((hf_clock_us() - request->submitted_us) / US_PER_MS);
    message->ints[HF_ERROR_CONNECTION] = (int32_t)request->serial;
  }
}

static void send_error(struct hf_call *call) {
  const struct hf_request *request = &call->unit.request;
  const struct hf_error *error = &request->error;
  struct hf_gauges gauges;
  struct hf_message *message = hf_message_new2(HF_MSG_ERROR,
                                               HF_ERROR_INTS,
                                               (int32_t)request->id_low,
                                               (int32_t)request->id_high,
                                               error->fields,
                                               error->fields_bytes,
                                               request->cause.fields,
                                               request->cause.fields_bytes);
  if (message == NULL) {
    message = hf_outbox_spare(&call->handle->port->outbox,
                              HF_MSG_ERROR,
                              HF_ERROR_INTS,
                              (int32_t)request->id_low,
                              (int32_t)request->id_high);
  }
  if (message == NULL) {
    return;
  }
  hf_pool_gauges(&call->handle->pool->core, &gauges);
  if (request->kind == HF_REQUEST_STATEMENT) {
    (void)hf_lease_note_result(request->lease, 0, (char)transaction_of(call));
  }
  hf_call_describe_error(message, error, &request->cause, request, &gauges);
  message->ints[HF_ERROR_TRANSACTION] = transaction_of(call);
  hf_outbox_send(&call->handle->port->outbox, message);
}

static void send_lease(struct hf_call *call) {
  const struct hf_slot *slot = call->lease.slot;
  struct hf_message *message =
      hf_message_new(HF_MSG_LEASE,
                     HF_LEASE_INTS,
                     (int32_t)call->unit.request.id_low,
                     (int32_t)call->unit.request.id_high,
                     NULL,
                     0);
  if (message == NULL) {
    message = hf_outbox_spare(&call->handle->port->outbox,
                              HF_MSG_LEASE,
                              HF_LEASE_INTS,
                              (int32_t)call->unit.request.id_low,
                              (int32_t)call->unit.request.id_high);
  }
  if (message == NULL) {
    return;
  }
  message->ints[HF_LEASE_NUMBER] = call->lease_number;
  message->ints[HF_LEASE_CONNECTION] = (int32_t)slot->serial;
  message->ints[HF_LEASE_PID] = slot->backend_pid;
  message->ints[HF_LEASE_POOLED] = slot->proxied;
  hf_outbox_send(&call->handle->port->outbox, message);
}

void hf_call_renew_row_descriptions(struct hf_call *call) {
  struct hf_message *message = call->handle == NULL ? NULL : call->unit.first;
  for (; message != NULL; message = message->next) {
    struct hf_message *definition = NULL;
    if (message->ints[HF_INT_KIND] != HF_MSG_RESULT) {
      continue;
    }
    if (hf_row_descriptions_renew(&call->handle->port->row_descriptions,
                                  &message->ints[HF_RESULT_ROW_DESCRIPTION],
                                  &definition) != HF_OK) {
      hf_error_set(&call->unit.request.error,
                   HF_NO_MEMORY,
                   HF_PHASE_AWAIT,
                   NULL);
      call->unit.request.error.outcome = HF_OUTCOME_AMBIGUOUS;
      return;
    }
    if (definition != NULL) {
      hf_outbox_send(&call->handle->port->outbox, definition);
    }
  }
}

/* Turns what its command tag says into what the statement did here. */
static int32_t result_flags(struct hf_call *call,
                            int32_t effects,
                            bool last,
                            int32_t transaction) {
  bool statement = call->unit.request.kind == HF_REQUEST_STATEMENT;
  bool wrote;
  bool holds = call->unit.named || !last || (effects & HF_COMMAND_SESSION) != 0;
  if (only_reads(call)) {
    effects &= ~HF_COMMAND_WRITES;
    holds = call->unit.named;
  }
  wrote = statement ? hf_lease_note_result(call->unit.request.lease,
                                           effects,
                                           (char)transaction)
                    : (effects & HF_COMMAND_WRITES) != 0;
  return (last ? 0 : HF_RESULT_MORE) | (wrote ? HF_RESULT_WROTE : 0) |
         (holds ? HF_RESULT_HOLDS : 0);
}

/* All but the last message of an answer say that more follows. */
static void send_results(struct hf_call *call) {
  struct hf_message *message = hf_unit_take_answer(&call->unit);
  while (message != NULL) {
    struct hf_message *next = message->next;
    message->next = NULL;
    if (message->ints[HF_INT_KIND] == HF_MSG_RESULT) {
      int32_t transaction = next == NULL ? transaction_of(call) : 0;
      message->ints[HF_RESULT_ATTEMPTS] = call->unit.request.attempts;
      message->ints[HF_RESULT_FLAGS] =
          result_flags(call,
                       message->ints[HF_RESULT_FLAGS],
                       next == NULL,
                       transaction);
      message->ints[HF_RESULT_TRANSACTION] = transaction;
    }
    hf_outbox_send(&call->handle->port->outbox, message);
    message = next;
  }
}

void hf_call_answer(struct hf_call *call) {
  if (call->handle == NULL) {
    return; /* nobody is there to read it */
  }
  hf_call_renew_row_descriptions(call);
  if (call->unit.request.error.status != HF_OK) {
    send_error(call);
  } else if (call->unit.request.kind == HF_REQUEST_ACQUIRE) {
    send_lease(call);
  } else {
    send_results(call);
  }
}
