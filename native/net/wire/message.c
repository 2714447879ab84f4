/* SPDX-License-Identifier: MIT */
/*
 * A message and its arrays are one allocation, which a small result can tell
 * from five. The bytes of a large result are the exception: they are taken over
 * from the encoder, not copied.
 */
#include "net/wire/message.h"

#include <assert.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/list.h"
#include "net/wire/encode.h"

/* What an allocation begins with; struct hf_message is public. */
struct owner {
  bool bytes_apart;
  struct hf_message message;
};

static struct hf_message *message_alloc(uint32_t n_ints,
                                        uint32_t n_nums,
                                        uint32_t n_chunks,
                                        size_t inline_bytes) {
  size_t fixed = sizeof(struct owner) + n_nums * sizeof(double) +
                 n_ints * sizeof(int32_t) + n_chunks * sizeof(struct hf_chunk);
  struct owner *owner;
  struct hf_message *message;

  if (inline_bytes > SIZE_MAX - fixed) {
    return NULL;
  }
  owner = hf_alloc(fixed + inline_bytes);
  if (owner == NULL) {
    return NULL;
  }
  owner->bytes_apart = false;
  message = &owner->message;
  message->next = NULL;
  message->nums = (double *)(void *)(owner + 1);
  message->ints = (int32_t *)(void *)(message->nums + n_nums);
  message->chunks = (struct hf_chunk *)(void *)(message->ints + n_ints);
  message->bytes = (char *)(void *)(message->chunks + n_chunks);
  message->n_ints = n_ints;
  message->n_nums = n_nums;
  message->n_chunks = n_chunks;
  message->n_bytes = inline_bytes;
  return message;
}

struct hf_message *hf_message_alloc(uint32_t n_ints,
                                    uint32_t n_nums,
                                    uint32_t n_chunks,
                                    size_t n_bytes) {
  struct hf_message *message = message_alloc(n_ints, n_nums, n_chunks, n_bytes);
  if (message != NULL) {
    memset(message->ints, 0, n_ints * sizeof(int32_t));
  }
  return message;
}

struct hf_message *hf_message_alloc_around(uint32_t n_ints,
                                           uint32_t n_nums,
                                           uint32_t n_chunks,
                                           char *bytes,
                                           size_t n_bytes) {
  struct hf_message *message = message_alloc(n_ints, n_nums, n_chunks, 0);
  if (message != NULL) {
    memset(message->ints, 0, n_ints * sizeof(int32_t));
    HF_CONTAINER_OF(message, struct owner, message)->bytes_apart = true;
    message->bytes = bytes;
    message->n_bytes = n_bytes;
  }
  return message;
}

void hf_message_free(struct hf_message *message) {
  struct owner *owner;
  if (message == NULL) {
    return;
  }
  owner = HF_CONTAINER_OF(message, struct owner, message);
  if (owner->bytes_apart) {
    hf_free(message->bytes);
  }
  hf_free(owner);
}

struct hf_message *hf_message_copy(const struct hf_message *message) {
  struct hf_message *copy = message_alloc(message->n_ints,
                                          message->n_nums,
                                          message->n_chunks,
                                          message->n_bytes);
  if (copy == NULL) {
    return NULL;
  }
  memcpy(copy->ints, message->ints, message->n_ints * sizeof(int32_t));
  if (message->n_nums > 0) {
    memcpy(copy->nums, message->nums, message->n_nums * sizeof(double));
  }
  if (message->n_chunks > 0) {
    memcpy(copy->chunks,
           message->chunks,
           message->n_chunks * sizeof(struct hf_chunk));
  }
  if (message->n_bytes > 0) {
    memcpy(copy->bytes, message->bytes, message->n_bytes);
  }
  return copy;
}

size_t hf_message_bytes(const struct hf_message *message) {
  return sizeof *message + message->n_bytes +
         message->n_ints * sizeof(int32_t) + message->n_nums * sizeof(double) +
         message->n_chunks * sizeof(struct hf_chunk);
}

/* A text that becomes a chunk. */
struct piece {
  const char *text;
  size_t bytes;
  bool wide;
  size_t units;
};

static struct piece measure(const char *text, size_t bytes) {
  struct piece piece = {.text = text, .bytes = bytes, .units = bytes};
  piece.wide = !hf_text_is_ascii(text, bytes);
  if (piece.wide) {
    piece.units = hf_text_units(text, bytes);
  }
  return piece;
}

/* Returns the bytes of a piece, an even number: the next one may be wide. */
static size_t room(const struct piece *piece) {
  return piece->wide ? piece->units * 2 : (piece->units + 1) & ~(size_t)1;
}

static void place(struct hf_message *message,
                  uint32_t index,
                  size_t offset,
                  const struct piece *piece) {
  struct hf_chunk *chunk = &message->chunks[index];
  chunk->offset = (uint32_t)offset;
  chunk->length = (uint32_t)piece->units;
  chunk->wide = piece->wide;
  chunk->raw = false;
  if (piece->wide) {
    (void)hf_text_decode(piece->text,
                         piece->bytes,
                         (uint16_t *)(void *)(message->bytes + offset));
    return;
  }
  memcpy(message->bytes + offset, piece->text, piece->bytes);
  if (piece->bytes % 2 != 0) {
    message->bytes[offset + piece->bytes] = 0;
  }
}

struct hf_message *hf_message_new(const struct hf_message_head *head) {
  struct piece pieces[2] = {0};
  uint32_t n = 0;
  uint32_t i;
  size_t total = 0;
  struct hf_message *message;

  assert(head->n_ints >= HF_INT_HEADER);
  if (head->text != NULL) {
    pieces[n++] = measure(head->text, head->text_bytes);
  } else if (head->more != NULL) {
    /* There was no memory for the first text: the second stays the second. */
    pieces[n++] = measure("", 0);
  }
  if (head->more != NULL) {
    pieces[n++] = measure(head->more, head->more_bytes);
  }
  for (i = 0; i < n; i++) {
    total += room(&pieces[i]);
  }
  if (total > UINT32_MAX) {
    return NULL;
  }
  message = hf_message_alloc(head->n_ints, 0, n, total);
  if (message == NULL) {
    return NULL;
  }
  total = 0;
  for (i = 0; i < n; i++) {
    place(message, i, total, &pieces[i]);
    total += room(&pieces[i]);
  }
  message->ints[HF_INT_KIND] = (int32_t)head->kind;
  message->ints[HF_INT_LENGTH] = (int32_t)head->n_ints;
  message->ints[HF_INT_ID_LOW] = head->id_low;
  message->ints[HF_INT_ID_HIGH] = head->id_high;
  message->ints[HF_INT_CHUNKS] = (int32_t)n;
  return message;
}

void hf_message_free_all(struct hf_message *first) {
  while (first != NULL) {
    struct hf_message *next = first->next;
    hf_message_free(first);
    first = next;
  }
}
