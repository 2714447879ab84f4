/* SPDX-License-Identifier: MIT */
/* Messages on their way to an environment. */
#include "net/engine/outbox.h"

#include <string.h>

#include "core/base/error.h"
#include "net/wire/message.h"

/* Answers that can be given before memory must be had again. */
enum { SPARE_MESSAGES = 32 };

static void fill_spare(struct hf_outbox *outbox) {
  while (outbox->n_spare < SPARE_MESSAGES) {
    struct hf_message *message = hf_message_alloc(HF_HEALTH_INTS, 0, 0, 0);
    if (message == NULL) {
      return;
    }
    message->next = outbox->spare;
    outbox->spare = message;
    outbox->n_spare++;
  }
}

enum hf_status hf_outbox_init(struct hf_outbox *outbox,
                              hf_wake_cb wake,
                              void *ctx) {
  memset(outbox, 0, sizeof *outbox);
  outbox->wake = wake;
  outbox->ctx = ctx;
  if (uv_mutex_init(&outbox->lock) != 0) {
    return HF_NO_MEMORY;
  }
  fill_spare(outbox);
  return HF_OK;
}

void hf_outbox_finish(struct hf_outbox *outbox) {
  if (hf_link_queued(&outbox->link)) {
    hf_list_remove(outbox->filled, &outbox->link);
  }
  hf_message_free_all(outbox->out_first);
  hf_message_free_all(outbox->ready_first);
  hf_message_free_all(outbox->spare);
  uv_mutex_destroy(&outbox->lock);
}

/* ---- the environment's side ---------------------------------------------- */

struct hf_message *hf_outbox_take(struct hf_outbox *outbox,
                                  bool *readers_waited) {
  struct hf_message *first;
  uv_mutex_lock(&outbox->lock);
  first = outbox->ready_first;
  outbox->ready_first = NULL;
  outbox->ready_last = NULL;
  uv_mutex_unlock(&outbox->lock);
  atomic_store(&outbox->buffered, 0);
  *readers_waited = atomic_exchange(&outbox->readers_wait, false);
  return first;
}

/* ---- the engine's side --------------------------------------------------- */

bool hf_outbox_is_full(struct hf_outbox *outbox, size_t limit) {
  if (atomic_load(&outbox->buffered) <= limit) {
    return false;
  }
  atomic_store(&outbox->readers_wait, true);
  /* Taken in between: nobody would tell us. */
  return atomic_load(&outbox->buffered) > limit;
}

void hf_outbox_send(struct hf_outbox *outbox, struct hf_message *message) {
  if (outbox->closed) {
    hf_message_free_all(message);
    return;
  }
  if (outbox->out_last == NULL) {
    outbox->out_first = message;
  } else {
    outbox->out_last->next = message;
  }
  for (;;) {
    (void)atomic_fetch_add(&outbox->buffered, hf_message_bytes(message));
    if (message->next == NULL) {
      break;
    }
    message = message->next;
  }
  outbox->out_last = message;
  if (!hf_link_queued(&outbox->link)) {
    hf_list_push(outbox->filled, &outbox->link);
  }
}

void hf_outbox_hand_over(struct hf_outbox *outbox) {
  uv_mutex_lock(&outbox->lock);
  if (outbox->ready_last == NULL) {
    outbox->ready_first = outbox->out_first;
  } else {
    outbox->ready_last->next = outbox->out_first;
  }
  outbox->ready_last = outbox->out_last;
  uv_mutex_unlock(&outbox->lock);
  outbox->out_first = NULL;
  outbox->out_last = NULL;
  outbox->wake(outbox->ctx);
  fill_spare(outbox);
}

struct hf_message *hf_outbox_spare(struct hf_outbox *outbox,
                                   enum hf_msg_kind kind,
                                   uint32_t n_ints,
                                   int32_t id_low,
                                   int32_t id_high) {
  struct hf_message *message = outbox->spare;
  if (message == NULL) {
    return NULL;
  }
  outbox->spare = message->next;
  outbox->n_spare--;
  message->next = NULL;
  message->n_ints = n_ints;
  message->ints[HF_INT_KIND] = (int32_t)kind;
  message->ints[HF_INT_LENGTH] = (int32_t)n_ints;
  message->ints[HF_INT_ID_LOW] = id_low;
  message->ints[HF_INT_ID_HIGH] = id_high;
  return message;
}

void hf_outbox_send_ok(struct hf_outbox *outbox,
                       uint32_t id_low,
                       uint32_t id_high,
                       int32_t value) {
  struct hf_message *message = hf_message_new(HF_MSG_OK,
                                              HF_OK_INTS,
                                              (int32_t)id_low,
                                              (int32_t)id_high,
                                              NULL,
                                              0);
  if (message == NULL) {
    message = hf_outbox_spare(outbox,
                              HF_MSG_OK,
                              HF_OK_INTS,
                              (int32_t)id_low,
                              (int32_t)id_high);
  }
  if (message != NULL) {
    message->ints[HF_OK_STATUS] = value;
    hf_outbox_send(outbox, message);
  }
}

void hf_outbox_refuse(struct hf_outbox *outbox,
                      uint32_t id_low,
                      uint32_t id_high,
                      enum hf_status status,
                      const struct hf_error *cause) {
  struct hf_error error;
  struct hf_message *message;
  hf_error_init(&error);
  if (cause != NULL && cause->status == status) {
    hf_error_copy(&error, cause);
    cause = NULL;
  } else {
    hf_error_set(&error, status, HF_PHASE_LOCAL, NULL);
    error.outcome = HF_OUTCOME_NOT_EXECUTED;
  }
  message = hf_message_new2(HF_MSG_ERROR,
                            HF_ERROR_INTS,
                            (int32_t)id_low,
                            (int32_t)id_high,
                            error.fields,
                            error.fields_bytes,
                            cause == NULL ? NULL : cause->fields,
                            cause == NULL ? 0 : cause->fields_bytes);
  if (message == NULL) {
    message = hf_outbox_spare(outbox,
                              HF_MSG_ERROR,
                              HF_ERROR_INTS,
                              (int32_t)id_low,
                              (int32_t)id_high);
  }
  if (message != NULL) {
    message->ints[HF_ERROR_STATUS] = (int32_t)error.status;
    message->ints[HF_ERROR_OUTCOME] = (int32_t)error.outcome;
    message->ints[HF_ERROR_RETRYABLE] = error.retryable;
    message->ints[HF_ERROR_PHASE] = (int32_t)error.phase;
    message->ints[HF_ERROR_ERRNO] = error.sys_errno;
    if (cause != NULL) {
      message->ints[HF_ERROR_CAUSE_STATUS] = (int32_t)cause->status;
      message->ints[HF_ERROR_CAUSE_ERRNO] = cause->sys_errno;
    }
    hf_outbox_send(outbox, message);
  }
  hf_error_finish(&error);
}
