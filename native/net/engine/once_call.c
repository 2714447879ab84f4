/* SPDX-License-Identifier: MIT */
#include "net/engine/once_call.h"

#include <assert.h>

#include "core/base/alloc.h"
#include "core/features/once.h"
#include "core/pool/lease_release.h"
#include "core/pool/pool.h"
#include "net/base/clock.h"
#include "net/conn/batch.h"
#include "net/engine/call.h"
#include "net/engine/call_answer.h"
#include "net/engine/call_table.h"
#include "net/engine/intake.h"
#include "net/engine/netpool.h"
#include "net/engine/port.h"

struct hf_once_call {
  struct hf_once once;
  struct hf_call *acquire;   /* which owns this */
  struct hf_call *statement; /* NULL once it is freed */
  struct hf_call *end;       /* COMMIT or ROLLBACK; the same */
  struct hf_call *delivered; /* the one to go on with, or NULL */
  struct hf_link due;        /* on the pool's list, while there is one */
  bool submitted;            /* the end is in the core */
  bool answered;
  bool released; /* the core has no lease any more */
};

/* ---- the answer ---------------------------------------------------------- */

/*
 * Answers with what `last` gives, after the results of the statement if that
 * was answered: they have the identity, by which a COMMIT is asked for.
 */
static void answer(struct hf_once_call *once, struct hf_call *last) {
  struct hf_handle *handle = once->acquire->handle;
  if (once->answered) {
    return;
  }
  once->answered = true;
  hf_call_table_remove(handle->port, once->acquire);
  if (last == once->end &&
      once->statement->unit.request.error.status == HF_OK) {
    hf_call_answer_in_part(once->statement);
  }
  hf_call_answer(last);
}

/* Frees it all once nothing is under way. */
static void free_if_over(struct hf_once_call *once) {
  struct hf_call *acquire = once->acquire;
  if (once->released && once->statement == NULL && once->end == NULL) {
    acquire->once = NULL;
    hf_free(once);
    hf_call_free(acquire);
  }
}

static void free_statement(struct hf_once_call *once) {
  hf_call_free(once->statement);
  once->statement = NULL;
}

static void free_end(struct hf_once_call *once) {
  hf_call_free(once->end);
  once->end = NULL;
}

/* ---- one call after the other -------------------------------------------- */

static struct hf_pool *core_of(const struct hf_once_call *once) {
  return &once->acquire->handle->pool->core;
}

static bool is_abandoned(const struct hf_once_call *once) {
  return once->acquire->handle->port->outbox.closed;
}

static void submit(struct hf_once_call *once, struct hf_call *call) {
  call->unit.request.lease = &once->acquire->lease;
  call->handle->calls++;
  hf_pool_submit(core_of(once), &call->unit.request, hf_clock_us());
}

static void release(struct hf_once_call *once) {
  hf_pool_release(core_of(once),
                  &once->acquire->lease,
                  HF_RELEASE_KEEP,
                  hf_clock_us());
}

static void on_acquired(struct hf_once_call *once) {
  struct hf_call *acquire = once->acquire;
  if (acquire->unit.request.error.status != HF_OK) {
    hf_once_on_refused(&once->once);
    answer(once, acquire);
    hf_call_table_remove_lease(acquire->handle->port, acquire);
    once->released = true;
    free_statement(once);
    free_end(once);
    free_if_over(once);
    return;
  }
  acquire->handle->leases++;
  if (hf_once_on_lent(&once->once, is_abandoned(once)) == HF_ONCE_DO_RUN) {
    submit(once, once->statement);
    return;
  }
  free_statement(once);
  free_end(once);
  release(once);
}

/* The lease ends with the statement that ends its transaction. */
static void submit_end(struct hf_once_call *once, bool commit) {
  struct hf_request *request = &once->end->unit.request;
  once->submitted = true;
  if (!commit) {
    hf_transaction_give_up(&request->end, HF_COMMIT_ROLLED_BACK);
    hf_lease_turn_into_rollback(request);
  }
  submit(once, once->end);
  release(once);
}

/* It was answered early if it was interrupted. */
static void on_ran(struct hf_once_call *once) {
  const struct hf_request *request = &once->statement->unit.request;
  const struct hf_once_answer how = {
      .failed = request->settled || request->error.status != HF_OK,
      .lost = once->acquire->lease.slot == NULL,
      .abandoned = is_abandoned(once),
      .known = once->statement->unit.batch->is_known,
      .transaction = request->transaction,
  };
  switch (hf_once_on_ran(&once->once, &how)) {
  case HF_ONCE_DO_COMMIT:
    submit_end(once, true);
    break;
  case HF_ONCE_DO_ROLL_BACK:
    submit_end(once, false);
    break;
  case HF_ONCE_DO_RUN:
  case HF_ONCE_DO_RELEASE:
    answer(once, once->statement);
    free_statement(once);
    free_end(once);
    release(once);
    break;
  }
}

static void on_ended(struct hf_once_call *once) {
  bool failed = once->statement->unit.request.error.status != HF_OK;
  hf_once_on_ended(&once->once);
  answer(once, failed ? once->statement : once->end);
  free_statement(once);
  free_end(once);
  free_if_over(once);
}

static void go_on(struct hf_once_call *once) {
  struct hf_call *call = once->delivered;
  once->delivered = NULL;
  if (call == once->acquire) {
    on_acquired(once);
  } else if (call == once->statement) {
    on_ran(once);
  } else {
    on_ended(once);
  }
}

void hf_once_call_on_delivered(struct hf_netpool *pool, struct hf_call *call) {
  struct hf_once_call *once = call->once;
  struct hf_link *link;
  if (call->unit.request.state != HF_REQUEST_DONE) {
    answer(once, call); /* it will be delivered again */
    return;
  }
  call->handle->calls--;
  once->delivered = call;
  hf_list_push(&pool->once_due, &once->due);
  if (pool->once_runs) {
    return; /* below, in a call of this function */
  }
  pool->once_runs = true;
  while ((link = hf_list_pop(&pool->once_due)) != NULL) {
    go_on(HF_CONTAINER_OF(link, struct hf_once_call, due));
  }
  pool->once_runs = false;
}

void hf_once_call_on_released(struct hf_call *call) {
  struct hf_once_call *once = call->once;
  hf_call_table_remove_lease(call->handle->port, call);
  call->handle->leases--;
  once->released = true;
  free_if_over(once);
}

void hf_once_call_abort(struct hf_call *call) {
  struct hf_once_call *once = call->once;
  struct hf_call *running = once->once.state == HF_ONCE_ACQUIRING
                                ? once->acquire
                            : once->submitted ? once->end
                                              : once->statement;
  hf_pool_abort(core_of(once), &running->unit.request, hf_clock_us());
}

/* ---- the operation ------------------------------------------------------- */

enum {
  ACQUIRE_FLAGS =
      HF_FLAG_FAIL_FAST | HF_FLAG_FAIL_NEW | HF_FLAG_CALLER_DEADLINE,
  END_FLAGS = HF_FLAG_EXACTLY_ONCE | HF_FLAG_CALLER_DEADLINE
};

/* A deadline that is not the caller's own is for getting a connection. */
static struct hf_op statement_op(const struct hf_op *op) {
  struct hf_op made = *op;
  made.kind = HF_OP_LEASE_QUERY;
  made.n_fields--;
  made.flags &= ~(HF_FLAG_EXACTLY_ONCE | HF_FLAG_FAIL_FAST | HF_FLAG_FAIL_NEW |
                  HF_FLAG_STREAM);
  made.acquire_ms = 0;
  if ((op->flags & HF_FLAG_CALLER_DEADLINE) == 0) {
    made.deadline_ms = 0;
  }
  return made;
}

static void refuse(struct hf_port *port,
                   const struct hf_op *op,
                   enum hf_status status) {
  hf_outbox_refuse(&port->outbox,
                   (uint32_t)op->id_low,
                   (uint32_t)op->id_high,
                   status,
                   NULL);
}

static bool make_statement(struct hf_once_call *once,
                           struct hf_handle *handle,
                           const struct hf_op *op,
                           const char *const *fields) {
  struct hf_op made = statement_op(op);
  once->statement = hf_intake_make(handle->port, &made, fields, handle);
  if (once->statement == NULL) {
    return false;
  }
  if (once->statement->unit.batch->begin == NULL) {
    free_statement(once);
    refuse(handle->port, op, HF_PARAM_INVALID);
    return false;
  }
  once->statement->once = once;
  once->statement->unit.request.undone_if_cut = true;
  return hf_batch_know(once->statement->unit.batch, fields[op->n_fields - 1]) ==
         HF_OK;
}

static bool make_end(struct hf_once_call *once,
                     struct hf_handle *handle,
                     const struct hf_op *op) {
  static const char *const commit[] = {"COMMIT"};
  struct hf_op made = statement_op(op);
  made.kind = HF_OP_FINISH;
  made.n_fields = 1;
  made.flags = END_FLAGS & (op->flags | HF_FLAG_EXACTLY_ONCE);
  once->end = hf_call_new(&made, commit, handle, hf_clock_us());
  if (once->end == NULL) {
    return false;
  }
  once->end->once = once;
  return hf_call_end_transaction(once->end, 0) == HF_OK;
}

/* Undoes what was made; `refused`: it was answered. */
static void drop(struct hf_once_call *once,
                 struct hf_port *port,
                 const struct hf_op *op,
                 bool refused) {
  if (!refused) {
    refuse(port, op, HF_NO_MEMORY);
  }
  if (once != NULL && once->statement != NULL) {
    free_statement(once);
  }
  if (once != NULL && once->end != NULL) {
    free_end(once);
  }
  hf_free(once);
}

void hf_once_call_begin(struct hf_handle *handle,
                        const struct hf_op *op,
                        const char *const *fields) {
  struct hf_port *port = handle->port;
  struct hf_once_call *once = hf_calloc(1, sizeof *once);
  struct hf_op acquire = *op;
  if (once == NULL || !make_statement(once, handle, op, fields) ||
      !make_end(once, handle, op)) {
    drop(once, port, op, once != NULL && once->statement == NULL);
    return;
  }
  acquire.kind = HF_OP_ACQUIRE;
  acquire.n_fields = 0;
  acquire.flags &= ACQUIRE_FLAGS;
  once->acquire = hf_intake_take(port, &acquire, NULL, handle, NULL);
  if (once->acquire == NULL) {
    drop(once, port, op, true);
    return;
  }
  once->acquire->once = once;
  hf_once_init(&once->once);
  hf_pool_submit(core_of(once), &once->acquire->unit.request, hf_clock_us());
}
