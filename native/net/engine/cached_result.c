/* SPDX-License-Identifier: MIT */
#include "net/engine/cached_result.h"

#include "net/engine/outbox.h"
#include "net/wire/message.h"

size_t hf_cached_result_bytes(const struct hf_message *first) {
  size_t bytes = 0;
  for (; first != NULL; first = first->next) {
    bytes += hf_message_bytes(first);
  }
  return bytes;
}

void hf_cached_result_free(void *first) {
  hf_message_free_all(first);
}

struct hf_message *hf_cached_result_copy(const struct hf_message *first) {
  struct hf_message *copies = NULL;
  struct hf_message **end = &copies;
  for (; first != NULL; first = first->next) {
    *end = hf_message_copy(first);
    if (*end == NULL) {
      hf_cached_result_free(copies);
      return NULL;
    }
    end = &(*end)->next;
  }
  return copies;
}

void hf_cached_result_send(struct hf_outbox *outbox,
                           const struct hf_message *first,
                           uint32_t id_low,
                           uint32_t id_high,
                           bool stale) {
  int32_t flags = HF_RESULT_CACHED | (stale ? HF_RESULT_STALE : 0);
  struct hf_message *copies = hf_cached_result_copy(first);
  struct hf_message *message;
  if (copies == NULL) {
    hf_outbox_refuse(outbox, id_low, id_high, HF_NO_MEMORY, NULL);
    return;
  }
  for (message = copies; message != NULL; message = message->next) {
    message->ints[HF_INT_ID_LOW] = (int32_t)id_low;
    message->ints[HF_INT_ID_HIGH] = (int32_t)id_high;
    message->ints[HF_RESULT_FLAGS] =
        flags | (message->next == NULL ? 0 : HF_RESULT_MORE);
    message->ints[HF_RESULT_ATTEMPTS] = 0;
    message->ints[HF_RESULT_CONNECTION] = 0;
    message->ints[HF_RESULT_TRANSACTION] = 0;
  }
  hf_outbox_send(outbox, copies);
}
