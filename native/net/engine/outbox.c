/* SPDX-License-Identifier: MIT */
#include "net/engine/outbox.h"

#include <string.h>

#include "core/base/error.h"
#include "net/base/system.h"
#include "net/wire/message.h"

/* How many answers need no memory. */
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
  /* They may have been taken meanwhile. */
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

static struct hf_message *take_spare(struct hf_outbox *outbox,
                                     const struct hf_message_head *head) {
  struct hf_message *message = outbox->spare;
  if (message == NULL) {
    return NULL;
  }
  outbox->spare = message->next;
  outbox->n_spare--;
  message->next = NULL;
  message->n_ints = head->n_ints;
  message->ints[HF_INT_KIND] = (int32_t)head->kind;
  message->ints[HF_INT_LENGTH] = (int32_t)head->n_ints;
  message->ints[HF_INT_ID_LOW] = head->id_low;
  message->ints[HF_INT_ID_HIGH] = head->id_high;
  return message;
}

struct hf_message *hf_outbox_new_answer(struct hf_outbox *outbox,
                                        const struct hf_message_head *head) {
  struct hf_message *message = hf_message_new(head);
  return message != NULL ? message : take_spare(outbox, head);
}

void hf_outbox_send_ok(struct hf_outbox *outbox,
                       uint32_t id_low,
                       uint32_t id_high,
                       int32_t value) {
  struct hf_message_head head = {.kind = HF_MSG_OK,
                                 .n_ints = HF_OK_INTS,
                                 .id_low = (int32_t)id_low,
                                 .id_high = (int32_t)id_high};
  struct hf_message *message = hf_outbox_new_answer(outbox, &head);
  if (message != NULL) {
    message->ints[HF_OK_STATUS] = value;
    hf_outbox_send(outbox, message);
  }
}

struct hf_message *hf_outbox_new_copy(struct hf_outbox *outbox,
                                      uint32_t id_low,
                                      uint32_t id_high,
                                      size_t taken) {
  struct hf_message_head head = {.kind = HF_MSG_COPY,
                                 .n_ints = HF_COPY_INTS,
                                 .id_low = (int32_t)id_low,
                                 .id_high = (int32_t)id_high};
  struct hf_message *message = hf_outbox_new_answer(outbox, &head);
  if (message != NULL) {
    message->ints[HF_COPY_TAKEN] = (int32_t)taken;
  }
  return message;
}

void hf_outbox_describe_error(struct hf_message *message,
                              const struct hf_error *error,
                              const struct hf_error *cause) {
  message->ints[HF_ERROR_STATUS] = (int32_t)error->status;
  message->ints[HF_ERROR_OUTCOME] = (int32_t)error->outcome;
  message->ints[HF_ERROR_RETRYABLE] = error->retryable;
  message->ints[HF_ERROR_UNIT] = (int32_t)error->unit;
  message->ints[HF_ERROR_PHASE] = (int32_t)error->phase;
  message->ints[HF_ERROR_ERRNO] = hf_system_number_for_node(error->sys_errno);
  if (cause != NULL) {
    message->ints[HF_ERROR_CAUSE_STATUS] = (int32_t)cause->status;
    message->ints[HF_ERROR_CAUSE_ERRNO] =
        hf_system_number_for_node(cause->sys_errno);
  }
}

static void send_refusal(struct hf_outbox *outbox,
                         struct hf_message_head *head,
                         const struct hf_error *error,
                         const struct hf_error *cause,
                         int32_t place) {
  struct hf_message *message;
  head->text = error->fields;
  head->text_bytes = error->fields_bytes;
  if (cause != NULL) {
    head->more = cause->fields;
    head->more_bytes = cause->fields_bytes;
  }
  message = hf_outbox_new_answer(outbox, head);
  if (message != NULL) {
    hf_outbox_describe_error(message, error, cause);
    message->ints[HF_ERROR_STATEMENT] = place;
    hf_outbox_send(outbox, message);
  }
}

void hf_outbox_refuse_statement(struct hf_outbox *outbox,
                                uint32_t id_low,
                                uint32_t id_high,
                                const struct hf_error *error,
                                int32_t place) {
  struct hf_message_head head = {.kind = HF_MSG_ERROR,
                                 .n_ints = HF_ERROR_INTS,
                                 .id_low = (int32_t)id_low,
                                 .id_high = (int32_t)id_high};
  send_refusal(outbox, &head, error, NULL, place);
}

void hf_outbox_refuse(struct hf_outbox *outbox,
                      uint32_t id_low,
                      uint32_t id_high,
                      enum hf_status status,
                      const struct hf_error *cause) {
  struct hf_message_head head = {.kind = HF_MSG_ERROR,
                                 .n_ints = HF_ERROR_INTS,
                                 .id_low = (int32_t)id_low,
                                 .id_high = (int32_t)id_high};
  struct hf_error error;
  if (cause != NULL && cause->status == status) {
    send_refusal(outbox, &head, cause, NULL, 0);
    return;
  }
  hf_error_init(&error);
  hf_error_set(&error, status, HF_PHASE_LOCAL, NULL);
  error.outcome = HF_OUTCOME_NOT_EXECUTED;
  send_refusal(outbox, &head, &error, cause, 0);
  hf_error_finish(&error);
}
