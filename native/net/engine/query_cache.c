/* SPDX-License-Identifier: MIT */
#include "net/engine/query_cache.h"

#include <string.h>

#include "core/base/alloc.h"
#include "net/base/clock.h"
#include "net/engine/cache_params.h"
#include "net/engine/cached_result.h"
#include "net/engine/call.h"
#include "net/engine/call_table.h"
#include "net/engine/intake.h"
#include "net/engine/netpool.h"
#include "net/engine/port.h"
#include "net/engine/single_flight.h"
#include "net/wire/message.h"

/* A larger buffer for keys is not kept. */
enum { KEY_SIZE_KEPT = 64 * 1024 };

/* The first letter of a label that is part of the key. */
enum { LABEL_KEY = 'k' };

/* ---- the key ------------------------------------------------------------- */

/* What a key has besides texts. */
struct head {
  int32_t decode;
  int32_t read_only; /* as declared */
  int32_t n_values;  /* with what there is of the call's settings */
  int32_t n_keys;
  int32_t has_settings;
};

struct writer {
  char *at;
  size_t bytes;
};

/* Only counts bytes when there is no buffer. */
static void put(struct writer *writer, const void *data, size_t bytes) {
  if (writer->at != NULL && bytes > 0) {
    memcpy(writer->at + writer->bytes, data, bytes);
  }
  writer->bytes += bytes;
}

static void put_text(struct writer *writer, const char *text) {
  put(writer, text, strlen(text) + 1);
}

/*
 * Texts are written with their NUL, so that different queries have different
 * keys. User, database and the pool's settings are the same for all of a
 * handle.
 */
static void write_key(struct writer *writer,
                      const struct hf_op *op,
                      const char *const *fields,
                      const struct hf_cache_params *params,
                      int32_t first_value) {
  struct head head = {0};
  int32_t i;
  head.has_settings = (op->flags & HF_FLAG_SETTINGS) != 0;
  head.decode = op->decode;
  head.read_only = (op->flags & HF_FLAG_READ_ONLY) != 0;
  head.n_values = op->n_fields - first_value;
  for (i = 0; i < params->n_labels; i++) {
    head.n_keys += params->labels[i][0] == LABEL_KEY;
  }
  put(writer, &head, sizeof head);
  put_text(writer, fields[0]);
  for (i = 0; i < params->n_labels; i++) {
    if (params->labels[i][0] == LABEL_KEY) {
      put_text(writer, params->labels[i]);
    }
  }
  for (i = first_value; i < op->n_fields; i++) {
    put_text(writer, fields[i]);
  }
}

static size_t make_key(struct hf_query_cache *cached,
                       const struct hf_op *op,
                       const char *const *fields,
                       const struct hf_cache_params *params,
                       int32_t first_value) {
  struct writer writer = {0};
  write_key(&writer, op, fields, params, first_value);
  if (writer.bytes > cached->key_size) {
    char *larger = hf_realloc(cached->key, writer.bytes);
    if (larger == NULL) {
      return 0;
    }
    cached->key = larger;
    cached->key_size = writer.bytes;
  }
  writer.at = cached->key;
  writer.bytes = 0;
  write_key(&writer, op, fields, params, first_value);
  return writer.bytes;
}

/* ---- asking -------------------------------------------------------------- */

static struct hf_query_cache *cached_of(struct hf_handle *handle) {
  const struct hf_netpool *pool = handle->pool;
  struct hf_query_cache *cached = handle->cached;
  if (cached != NULL) {
    return cached;
  }
  cached = hf_calloc(1, sizeof *cached);
  if (cached == NULL) {
    return NULL;
  }
  cached->handle = handle;
  hf_cache_init(&cached->cache,
                (uint64_t)handle->config.cache_max_bytes,
                &pool->pools->hash_key,
                hf_cached_result_free);
  handle->cached = cached;
  return cached;
}

/* Returns whether the port still knows the row descriptions of a result. */
static bool is_sendable(const struct hf_handle *handle,
                        const struct hf_cache_entry *entry) {
  const struct hf_message *message = entry->payload;
  for (; message != NULL; message = message->next) {
    if (!hf_row_descriptions_knows(&handle->port->row_descriptions,
                                   message->ints[HF_RESULT_ROW_DESCRIPTION])) {
      return false;
    }
  }
  return true;
}

static enum hf_cache_verdict ask(struct hf_handle *handle,
                                 const struct hf_cache_query *question,
                                 struct hf_cache_entry **entry) {
  struct hf_cache *cache = &handle->cached->cache;
  uint64_t now_us = hf_clock_us();
  enum hf_cache_verdict verdict =
      hf_cache_lookup(cache, question, now_us, entry);
  if ((verdict == HF_CACHE_HIT || verdict == HF_CACHE_STALE) &&
      !is_sendable(handle, *entry)) {
    hf_cache_discard_payload(cache, *entry);
    verdict = hf_cache_lookup(cache, question, now_us, entry);
  } else if (verdict == HF_CACHE_FILL && !is_sendable(handle, *entry)) {
    hf_cache_discard_payload(cache, *entry);
  }
  return verdict;
}

/* Returns whether the statement only reads. */
static bool is_read(const struct hf_call *call) {
  const struct hf_sql_info *sql = &call->unit.request.sql;
  if (sql->multiple || sql->session_state || sql->ends_transaction) {
    return false;
  }
  return sql->read_only ||
         ((call->unit.request.flags & HF_FLAG_READ_ONLY) != 0 &&
          (sql->kind == HF_SQL_SELECT || sql->kind == HF_SQL_OTHER));
}

void hf_query_cache_refuse(struct hf_port *port, const struct hf_op *op) {
  struct hf_error error;
  hf_error_init(&error);
  hf_error_set(&error,
               HF_PARAM_INVALID,
               HF_PHASE_LOCAL,
               "cache is for single statements that only read, outside "
               "transactions: give readOnly: true, or leave out cache");
  error.outcome = HF_OUTCOME_PERMANENT;
  hf_outbox_refuse(&port->outbox,
                   (uint32_t)op->id_low,
                   (uint32_t)op->id_high,
                   HF_PARAM_INVALID,
                   &error);
  hf_error_finish(&error);
}

/* Makes the call; NULL when it was refused, and answered. */
static struct hf_call *make_call(struct hf_handle *handle,
                                 const struct hf_op *op,
                                 const char *const *fields,
                                 const struct hf_cache_params *params) {
  struct hf_port *port = handle->port;
  struct hf_query_cache_call *part = hf_calloc(1, sizeof *part);
  struct hf_call *call;
  if (part == NULL) {
    hf_outbox_refuse(&port->outbox,
                     (uint32_t)op->id_low,
                     (uint32_t)op->id_high,
                     HF_NO_MEMORY,
                     NULL);
    return NULL;
  }
  call = hf_intake_take(port, op, fields, handle, NULL);
  if (call == NULL) {
    hf_free(part);
    return NULL;
  }
  part->call = call;
  part->max_age = params->max_age;
  call->cached = part;
  if (!is_read(call)) {
    hf_intake_drop(call);
    hf_query_cache_refuse(port, op);
    return NULL;
  }
  return call;
}

static void submit(struct hf_handle *handle, struct hf_call *call) {
  hf_pool_submit(&handle->pool->core, &call->unit.request, hf_clock_us());
}

static void fill(struct hf_handle *handle,
                 struct hf_call *call,
                 struct hf_cache_entry *entry) {
  struct hf_query_cache *cached = handle->cached;
  if (call == NULL) {
    hf_cache_failed(&cached->cache, entry);
    return;
  }
  hf_stats_add(&handle->pool->core.stats, HF_STAT_CACHE_MISSES, 1);
  entry->leader = call;
  call->cached->entry = entry;
  cached->check_stale |= entry->payload != NULL;
  submit(handle, call);
}

static void join(struct hf_handle *handle,
                 struct hf_call *call,
                 struct hf_cache_entry *entry) {
  struct hf_query_cache *cached = handle->cached;
  hf_stats_add(&handle->pool->core.stats, HF_STAT_CACHE_HITS, 1);
  hf_request_submitted(&call->unit.request, hf_clock_us());
  cached->check_stale |= entry->payload != NULL;
  hf_cache_wait(&cached->cache,
                entry,
                &call->cached->waiter,
                call->unit.request.deadline_us);
}

static void serve(struct hf_handle *handle,
                  const struct hf_op *op,
                  const struct hf_cache_entry *entry,
                  bool stale) {
  hf_stats_add(&handle->pool->core.stats,
               stale ? HF_STAT_CACHE_STALE : HF_STAT_CACHE_HITS,
               1);
  hf_cached_result_send(&handle->port->outbox,
                        entry->payload,
                        (uint32_t)op->id_low,
                        (uint32_t)op->id_high,
                        stale);
}

/* Answers from the cache, waits, or asks the server. */
static void follow(struct hf_handle *handle,
                   const struct hf_op *op,
                   const char *const *fields,
                   const struct hf_cache_params *params,
                   const struct hf_cache_query *question) {
  struct hf_cache_entry *entry = NULL;
  enum hf_cache_verdict verdict = ask(handle, question, &entry);
  struct hf_call *call;
  if (verdict == HF_CACHE_HIT || verdict == HF_CACHE_STALE) {
    serve(handle, op, entry, verdict == HF_CACHE_STALE);
    return;
  }
  call = make_call(handle, op, fields, params);
  if (verdict == HF_CACHE_FILL) {
    fill(handle, call, entry);
  } else if (call != NULL && verdict == HF_CACHE_JOIN) {
    join(handle, call, entry);
  } else if (call != NULL) {
    submit(handle, call);
  }
}

void hf_query_cache_query(struct hf_handle *handle,
                          const struct hf_op *op,
                          const char *const *fields) {
  struct hf_query_cache *cached = cached_of(handle);
  struct hf_cache_query question = {0};
  struct hf_cache_params params;
  int32_t first_value = hf_cache_params_read(op, fields, &params);
  if (first_value < 0) {
    hf_query_cache_refuse(handle->port, op);
    return;
  }
  if (cached != NULL) {
    question.key_bytes = make_key(cached, op, fields, &params, first_value);
    question.key = cached->key;
  }
  if (question.key_bytes == 0) {
    hf_outbox_refuse(&handle->port->outbox,
                     (uint32_t)op->id_low,
                     (uint32_t)op->id_high,
                     HF_NO_MEMORY,
                     NULL);
    return;
  }
  question.tags = params.labels;
  question.n_tags = params.n_labels;
  if (handle->notified) {
    hf_cache_trust_apply(&handle->pool->trust,
                         hf_netpool_cache_probe_us(handle->pool),
                         hf_clock_us(),
                         &params.max_age);
  }
  question.max_age = params.max_age;
  question.timeout_us = (uint64_t)(uint32_t)op->timeout_ms;
  question.unreachable = hf_pool_is_unavailable(&handle->pool->core);
  follow(handle, op, fields, &params, &question);
  hf_query_cache_publish(cached);
  if (cached->key_size > KEY_SIZE_KEPT) {
    hf_free(cached->key);
    cached->key = NULL;
    cached->key_size = 0;
  }
}

/* Answers a user whose call goes on because others wait for its result. */
static void answer_aborted_leader(struct hf_call *call) {
  const struct hf_request *request = &call->unit.request;
  struct hf_port *port = call->handle->port;
  struct hf_error error;
  call->cached->answered = true;
  hf_call_table_remove(port, call);
  hf_error_init(&error);
  hf_error_set(&error, HF_ABORTED, HF_PHASE_AWAIT, NULL);
  error.outcome =
      request->attempts > 0 ? HF_OUTCOME_AMBIGUOUS : HF_OUTCOME_NOT_EXECUTED;
  hf_outbox_refuse(&port->outbox,
                   request->id_low,
                   request->id_high,
                   HF_ABORTED,
                   &error);
  hf_error_finish(&error);
}

bool hf_query_cache_abort(struct hf_call *call) {
  struct hf_query_cache_call *part = call->cached;
  struct hf_stats *stats = &call->handle->pool->core.stats;
  if (part == NULL) {
    return false;
  }
  if (part->waiter.entry != NULL) {
    hf_cache_leave(&call->handle->cached->cache, &part->waiter);
    hf_stats_add(stats, HF_STAT_ABORTS, 1);
    hf_query_cache_give_up(call, HF_ABORTED);
    return true;
  }
  if (part->entry != NULL && !hf_list_empty(&part->entry->waiters)) {
    hf_stats_add(stats, HF_STAT_ABORTS, 1);
    answer_aborted_leader(call);
    return true;
  }
  return false;
}

int32_t hf_query_cache_invalidate(struct hf_netpool *pool, const char *label) {
  struct hf_link *link;
  int32_t count = 0;
  HF_LIST_EACH(link, &pool->handles) {
    struct hf_handle *handle = HF_CONTAINER_OF(link, struct hf_handle, of_pool);
    if (handle->cached != NULL) {
      count += hf_cache_invalidate(&handle->cached->cache, label);
      hf_query_cache_publish(handle->cached);
    }
  }
  return count;
}
