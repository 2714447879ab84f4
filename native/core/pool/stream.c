/* SPDX-License-Identifier: MIT */
#include "core/pool/stream.h"

#include <string.h>

#include "core/pool/interrupt.h"
#include "core/pool/state.h"
#include "core/pool/turn.h"

/* An interrupt has set its own timer, and an orphan's ends it. */
static bool keeps_time(const struct hf_request *request) {
  return request->state == HF_REQUEST_RUNNING &&
         request->interrupted == HF_OK && !request->orphan;
}

static void arm(struct hf_pool *pool, struct hf_request *request) {
  uint64_t end_us = UINT64_MAX;
  if (!keeps_time(request)) {
    return;
  }
  if (request->held_us == 0 && request->timeout_us != 0) {
    end_us = request->started_us + request->timeout_us;
  }
  if ((request->flags & HF_FLAG_CALLER_DEADLINE) != 0 &&
      request->deadline_us != 0 && request->deadline_us < end_us) {
    end_us = request->deadline_us; /* a writer that has given nothing yet */
  }
  hf_pool_set_timer(pool, request, end_us);
}

void hf_stream_on_rows(struct hf_pool *pool,
                       struct hf_request *request,
                       uint64_t now_us) {
  hf_turn_enter(pool, now_us);
  request->begun = true;
  request->deadline_us = 0;
  arm(pool, request);
  hf_turn_leave(pool);
}

void hf_stream_on_held(struct hf_pool *pool,
                       struct hf_request *request,
                       uint64_t now_us) {
  hf_turn_enter(pool, now_us);
  request->held_us = pool->now_us;
  arm(pool, request);
  hf_turn_leave(pool);
}

void hf_stream_on_resumed(struct hf_pool *pool,
                          struct hf_request *request,
                          uint64_t now_us) {
  uint64_t unread_us;
  hf_turn_enter(pool, now_us);
  unread_us = pool->now_us - request->held_us;
  request->held_us = 0;
  request->started_us += unread_us;
  request->slot->head_us += unread_us;
  request->slot->last_byte_us = pool->now_us;
  arm(pool, request);
  hf_turn_leave(pool);
}

/* A cancel would undo what the rest of the transaction counts on. */
static bool runs_to_its_end(const struct hf_request *request) {
  return request->in_transaction && !request->sql.read_only &&
         !hf_request_must_not_write(request) && !hf_request_copies_in(request);
}

void hf_stream_leave(struct hf_pool *pool,
                     struct hf_request *request,
                     uint64_t now_us) {
  hf_turn_enter(pool, now_us);
  request->left = true;
  if (request->state == HF_REQUEST_RUNNING && runs_to_its_end(request)) {
    pool->io.skip(pool->io.ctx, request->slot);
  } else {
    hf_interrupt_request(pool, request, HF_ABORTED);
  }
  hf_turn_leave(pool);
}

void hf_stream_judge_end(struct hf_request *request) {
  struct hf_error *error = &request->error;
  bool cancelled = request->interrupted != HF_OK;
  if (!hf_request_streams(request)) {
    return;
  }
  if (request->left) {
    if (cancelled && strcmp(error->sqlstate, "57014") == 0) {
      hf_error_finish(error);
    }
  } else if (cancelled && error->status == HF_OK &&
             !hf_request_copies_in(request)) {
    hf_error_set(error, request->interrupted, HF_PHASE_AWAIT, NULL);
  }
}
