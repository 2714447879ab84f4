/* SPDX-License-Identifier: MIT */
#include "core/pool/request.h"

#include <assert.h>
#include <string.h>

/* clang-format off */
static const struct {
  const char *name;
  unsigned next; /* set of allowed states */
} states[] = {
  [HF_REQUEST_NEW]     = {"new",     1u << HF_REQUEST_WAITING |
                                     1u << HF_REQUEST_RUNNING |
                                     1u << HF_REQUEST_DONE},
  [HF_REQUEST_WAITING] = {"waiting", 1u << HF_REQUEST_RUNNING |
                                     1u << HF_REQUEST_DONE},
  [HF_REQUEST_RUNNING] = {"running", 1u << HF_REQUEST_BACKOFF |
                                     1u << HF_REQUEST_DONE},
  [HF_REQUEST_BACKOFF] = {"backoff", 1u << HF_REQUEST_WAITING |
                                     1u << HF_REQUEST_DONE},
  [HF_REQUEST_DONE]    = {"done",    0},
};
/* clang-format on */

const char *hf_request_state_name(enum hf_request_state state) {
  return states[state].name;
}

void hf_request_init(struct hf_request *request, enum hf_request_kind kind) {
  memset(request, 0, sizeof *request);
  request->kind = kind;
  request->retry_base_ms = -1;
  request->retry_cap_ms = -1;
  request->slow_query_ms = -1;
  hf_error_init(&request->error);
  hf_error_init(&request->cause);
}

void hf_request_init_replacement(struct hf_request *request,
                                 enum hf_request_kind kind) {
  hf_request_init(request, kind);
  request->settled = true;
  request->orphan = true;
}

void hf_request_init_granted(struct hf_request *request) {
  hf_request_init(request, HF_REQUEST_ACQUIRE);
  hf_request_move(request, HF_REQUEST_DONE);
}

void hf_request_note_standard_strings(struct hf_request *request) {
  if (request->sql.read_if_standard) {
    request->sql.read_only = true;
  }
}

void hf_request_finish(struct hf_request *request) {
  hf_error_finish(&request->error);
  hf_error_finish(&request->cause);
}

void hf_request_submitted(struct hf_request *request, uint64_t now_us) {
  request->submitted_us = now_us;
}

void hf_request_move(struct hf_request *request, enum hf_request_state next) {
  assert((states[request->state].next & 1u << next) != 0);
  assert(next != HF_REQUEST_RUNNING || request->slot != NULL);
  assert(next != HF_REQUEST_DONE || !hf_link_queued(&request->link));
  request->state = next;
}

bool hf_request_goes_with_connection(const struct hf_request *request) {
  return request->in_transaction ||
         (request->sql.kind == HF_SQL_BEGIN && request->sql.n_statements == 1);
}

bool hf_request_seems_to_read(const struct hf_request *request) {
  return request->sql.read_only &&
         (request->flags & (HF_FLAG_READ_ONLY | HF_FLAG_IDEMPOTENT)) == 0;
}

bool hf_request_controls_transaction(const struct hf_request *request) {
  return hf_sql_controls_transaction(request->sql.kind);
}

bool hf_request_must_not_write(const struct hf_request *request) {
  return request->read_only_retry || (request->flags & HF_FLAG_READ_ONLY) != 0;
}

bool hf_request_repeatable(const struct hf_request *request) {
  return request->sql.read_only ||
         (request->flags & (HF_FLAG_READ_ONLY | HF_FLAG_IDEMPOTENT)) != 0;
}

/*
 * A read-only transaction leaves nothing behind, so nothing about it is in
 * doubt. The text of a statement alone does not prove that.
 */
bool hf_request_only_reads(const struct hf_request *request) {
  return (request->flags & HF_FLAG_READ_ONLY) != 0;
}

bool hf_request_streams(const struct hf_request *request) {
  const int32_t streams = HF_FLAG_STREAM | HF_FLAG_COPY_IN | HF_FLAG_COPY_OUT;
  return (request->flags & streams) != 0;
}

bool hf_request_copies_in(const struct hf_request *request) {
  return (request->flags & HF_FLAG_COPY_IN) != 0;
}

bool hf_request_is_unfinished_copy(const struct hf_request *request) {
  return hf_request_copies_in(request) && !request->copy_done;
}

bool hf_request_in_doubt(const struct hf_request *request) {
  return request->cause.outcome == HF_OUTCOME_AMBIGUOUS &&
         !hf_request_only_reads(request);
}
