/* SPDX-License-Identifier: MIT */
#include "net/engine/call.h"

#include <assert.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/features/health.h"
#include "core/pool/pool.h"
#include "net/conn/batch.h"
#include "net/conn/call_settings.h"
#include "net/engine/batch_params.h"
#include "net/engine/cache_params.h"
#include "net/engine/netpool.h"
#include "net/engine/port.h"
#include "net/engine/settings_params.h"

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

/* Fills in what is known of the unit's statement. */
static void set_sql(struct hf_unit *unit, const struct hf_config *config) {
  struct hf_request *request = &unit->request;
  request->sql = unit->statement->sql;
  request->sql.read_only &= config->infer_reads;
  request->sql.read_if_standard &= config->infer_reads;
  request->usual_us = unit->statement->usual_us;
  unit->bytes = unit->statement->bytes;
}

/* Takes the statement and its values from the fields; HF_NO_MEMORY. */
static enum hf_status set_statement(struct hf_call *call,
                                    const struct hf_op *op,
                                    const char *const *fields,
                                    int32_t first_value,
                                    size_t span) {
  struct hf_handle *handle = call->handle;
  struct hf_unit *unit = &call->unit;
  char *copy = (char *)(unit->values.texts + unit->values.n);
  unit->statement = hf_statements_use(&handle->pool->shared.statements,
                                      fields[0],
                                      strlen(fields[0]));
  if (unit->statement == NULL ||
      hf_values_take(&unit->values, fields + first_value, copy, span) !=
          HF_OK) {
    hf_values_finish(&unit->values);
    hf_statement_release(unit->statement);
    return HF_NO_MEMORY;
  }
  set_sql(unit, &handle->config);
  unit->bytes += span;
  if (unit->request.sql.multiple &&
      (unit->values.n > 0 || (op->flags & HF_FLAG_EXTENDED) != 0)) {
    /* The extended protocol refuses several statements at Parse. */
    unit->request.sql.may_commit_midway = false;
  }
  return HF_OK;
}

/* What stands between the first text and the values. */
struct params {
  struct hf_settings_params settings;
  int32_t batch;       /* where the fields of HF_FLAG_BATCH begin */
  int32_t first_value; /* of the first statement */
  int32_t n;           /* of its values */
};

/* Returns false when the fields are not as the flags say. */
static bool read_params(const struct hf_op *op,
                        const char *const *fields,
                        struct params *params) {
  const int32_t other = HF_FLAG_CACHE | HF_FLAG_NAMED;
  struct hf_cache_params cache;
  int32_t at = hf_cache_params_read(op, fields, &cache);
  at = hf_settings_params_read(op, fields, at, &params->settings);
  params->batch = at;
  params->first_value = at;
  params->n = op->n_fields - at;
  return at >= 0 && ((op->flags & HF_FLAG_BATCH) == 0 ||
                     ((op->flags & other) == 0 &&
                      hf_batch_params_read(op,
                                           fields,
                                           at,
                                           &params->first_value,
                                           &params->n)));
}

bool hf_call_is_well_formed(const struct hf_op *op, const char *const *fields) {
  struct params params;
  return op->kind == HF_OP_ACQUIRE || read_params(op, fields, &params);
}

static enum hf_status set_batch(struct hf_call *call,
                                const char *const *fields,
                                const struct params *params) {
  struct hf_unit *unit = &call->unit;
  struct hf_sql_info *sql = &unit->request.sql;
  unit->batch = hf_batch_params_take(&call->handle->pool->shared.statements,
                                     fields,
                                     params->batch,
                                     sql);
  if (unit->batch == NULL) {
    return HF_NO_MEMORY;
  }
  sql->may_commit_midway = false; /* what commits is sent inside BEGIN */
  if (unit->batch->begin != NULL) {
    sql->kind = HF_SQL_BEGIN; /* all of it goes with the connection */
  }
  return HF_OK;
}

/* Takes the settings and the statements; HF_NO_MEMORY. */
static enum hf_status set_work(struct hf_call *call,
                               const struct hf_op *op,
                               const char *const *fields,
                               const struct params *params,
                               size_t span) {
  const struct hf_settings_params *settings = &params->settings;
  struct hf_unit *unit = &call->unit;
  if (settings->n > 0) {
    unit->settings =
        hf_call_settings_new(settings->pairs, settings->n, settings->own);
    if (unit->settings == NULL) {
      return HF_NO_MEMORY;
    }
  }
  if (set_statement(call, op, fields, params->first_value, span) != HF_OK) {
    hf_free(unit->settings);
    return HF_NO_MEMORY;
  }
  if ((op->flags & HF_FLAG_BATCH) != 0 &&
      set_batch(call, fields, params) != HF_OK) {
    hf_unit_finish(unit);
    return HF_NO_MEMORY;
  }
  return HF_OK;
}

static enum hf_sql_copy copy_of(int32_t flags) {
  if ((flags & HF_FLAG_COPY_IN) != 0) {
    return HF_SQL_COPY_IN;
  }
  return (flags & HF_FLAG_COPY_OUT) != 0 ? HF_SQL_COPY_OUT : HF_SQL_COPY_NOT;
}

struct hf_call *hf_call_new(const struct hf_op *op,
                            const char *const *fields,
                            struct hf_handle *handle,
                            uint64_t now_us) {
  const struct hf_config *config = &handle->config;
  struct params params = {0};
  struct hf_unit *unit;
  struct hf_call *call;
  size_t span;
  if (op->kind != HF_OP_ACQUIRE) {
    (void)read_params(op, fields, &params);
  }
  span = hf_values_span(fields + params.first_value, params.n);
  call = hf_alloc(sizeof *call +
                  (size_t)params.n * sizeof *call->unit.values.texts + span);
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
  if ((op->kind != HF_OP_QUERY && op->kind != HF_OP_LEASE_QUERY) ||
      (op->flags & HF_FLAG_BATCH) != 0) {
    unit->request.flags &=
        ~(HF_FLAG_STREAM | HF_FLAG_COPY_IN | HF_FLAG_COPY_OUT);
  }
  unit->stream.on = (unit->request.flags & HF_FLAG_STREAM) != 0;
  unit->copy.direction = copy_of(unit->request.flags);
  unit->stream.portion = op->portion > 0 ? op->portion : HF_STREAM_ROWS;
  unit->named = (op->flags & HF_FLAG_NAMED) != 0;
  unit->max_result_bytes = (uint64_t)config->max_result_bytes;
  unit->values.n = params.n;
  unit->values.texts = (const char **)(call + 1);
  if (op->kind == HF_OP_ACQUIRE) {
    hf_lease_init(&call->lease, handle);
    unit->request.lease = &call->lease;
  } else if (set_work(call, op, fields, &params, span) != HF_OK) {
    hf_free(call);
    return NULL;
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
    request->flags = HF_FLAG_FAIL_FAST;
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
  set_sql(unit, config);
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
