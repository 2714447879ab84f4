/* SPDX-License-Identifier: MIT */
#include "net/engine/call_answer.h"

#include "core/pool/pool.h"
#include "core/sql/command.h"
#include "net/base/clock.h"
#include "net/engine/call.h"
#include "net/engine/netpool.h"
#include "net/engine/port.h"
#include "net/wire/message.h"

enum { US_PER_MS = 1000 };

/* Returns the transaction status after a lease's statement; 0 = unknown. */
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
  hf_outbox_describe_error(message, error, cause);
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

/*
 * Returns the place in a batch, from 1, of the statement that failed. 0: it is
 * none's failure, or the server did not say whose.
 */
static int32_t failed_statement(const struct hf_call *call) {
  const struct hf_unit *unit = &call->unit;
  return unit->batch == NULL || unit->request.attempts == 0
             ? 0
             : 1 + unit->failed_item;
}

static void send_error(struct hf_call *call) {
  const struct hf_request *request = &call->unit.request;
  const struct hf_error *error = &request->error;
  const struct hf_error *cause = &request->cause;
  struct hf_outbox *outbox = &call->handle->port->outbox;
  struct hf_message_head head = {.kind = HF_MSG_ERROR,
                                 .n_ints = HF_ERROR_INTS,
                                 .id_low = (int32_t)request->id_low,
                                 .id_high = (int32_t)request->id_high,
                                 .text = error->fields,
                                 .text_bytes = error->fields_bytes,
                                 .more = cause->fields,
                                 .more_bytes = cause->fields_bytes};
  struct hf_message *message = hf_outbox_new_answer(outbox, &head);
  struct hf_gauges gauges;
  if (message == NULL) {
    return;
  }
  hf_pool_gauges(&call->handle->pool->core, &gauges);
  if (request->kind == HF_REQUEST_STATEMENT) {
    (void)hf_lease_note_result(request->lease, 0, (char)transaction_of(call));
  }
  hf_call_describe_error(message, error, cause, request, &gauges);
  message->ints[HF_ERROR_TRANSACTION] = transaction_of(call);
  message->ints[HF_ERROR_STATEMENT] = failed_statement(call);
  hf_outbox_send(outbox, message);
}

static void send_lease(struct hf_call *call) {
  const struct hf_request *request = &call->unit.request;
  const struct hf_slot *slot = call->lease.slot;
  struct hf_outbox *outbox = &call->handle->port->outbox;
  struct hf_message_head head = {.kind = HF_MSG_LEASE,
                                 .n_ints = HF_LEASE_INTS,
                                 .id_low = (int32_t)request->id_low,
                                 .id_high = (int32_t)request->id_high};
  struct hf_message *message = hf_outbox_new_answer(outbox, &head);
  if (message == NULL) {
    return;
  }
  message->ints[HF_LEASE_NUMBER] = call->lease_number;
  message->ints[HF_LEASE_CONNECTION] = (int32_t)slot->serial;
  message->ints[HF_LEASE_PID] = slot->backend_pid;
  message->ints[HF_LEASE_POOLED] = slot->proxied;
  hf_outbox_send(outbox, message);
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

/* Returns HF_RESULT_* for the effects of a command. */
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

/* `more`: other messages of the same answer follow. */
static void send_results(struct hf_call *call, bool more) {
  struct hf_message *message = hf_unit_take_answer(&call->unit);
  while (message != NULL) {
    struct hf_message *next = message->next;
    message->next = NULL;
    if (message->ints[HF_INT_KIND] == HF_MSG_RESULT) {
      /* The statements of a batch are in one transaction. */
      bool known = next == NULL || call->unit.batch != NULL;
      int32_t transaction = known ? transaction_of(call) : 0;
      message->ints[HF_RESULT_ATTEMPTS] = call->unit.request.attempts;
      message->ints[HF_RESULT_FLAGS] =
          result_flags(call,
                       message->ints[HF_RESULT_FLAGS],
                       next == NULL && !more,
                       transaction);
      message->ints[HF_RESULT_TRANSACTION] = transaction;
    }
    hf_outbox_send(&call->handle->port->outbox, message);
    message = next;
  }
}

/* The reader of a stream has left: all it waits for is the end. */
static void send_left(struct hf_call *call) {
  const struct hf_request *request = &call->unit.request;
  bool may_write = request->in_transaction && !only_reads(call);
  if (request->kind == HF_REQUEST_STATEMENT) {
    (void)hf_lease_note_result(request->lease,
                               may_write ? HF_COMMAND_WRITES : 0,
                               (char)transaction_of(call));
  }
  hf_message_free_all(hf_unit_take_answer(&call->unit));
  hf_outbox_send_ok(&call->handle->port->outbox,
                    request->id_low,
                    request->id_high,
                    transaction_of(call));
}

void hf_call_answer_in_part(struct hf_call *call) {
  if (call->handle != NULL) {
    hf_call_renew_row_descriptions(call);
    send_results(call, true);
  }
}

void hf_call_answer(struct hf_call *call) {
  if (call->handle == NULL) {
    return; /* the handle is closed */
  }
  hf_call_renew_row_descriptions(call);
  if (call->unit.request.left && call->unit.request.error.status == HF_OK) {
    send_left(call);
  } else if (call->unit.request.error.status != HF_OK) {
    send_error(call);
  } else if (call->unit.request.kind == HF_REQUEST_ACQUIRE) {
    send_lease(call);
  } else {
    send_results(call, false);
  }
}
