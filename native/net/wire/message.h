/* SPDX-License-Identifier: MIT */
/*
 * Messages to a port, as holdfast.h describes them. hf_message_free (there)
 * frees one.
 *
 * Ownership: the caller owns a message that it has made.
 * Threads: any; a message is one thread's at a time.
 */
#ifndef HF_NET_WIRE_MESSAGE_H
#define HF_NET_WIRE_MESSAGE_H

#include <stddef.h>
#include <stdint.h>

#include "holdfast.h"

/* What a message begins with, and its texts: UTF-8, which may hold NULs. */
struct hf_message_head {
  enum hf_msg_kind kind;
  uint32_t n_ints; /* HF_..._INTS of that kind, or more */
  int32_t id_low, id_high;
  const char *text; /* becomes chunk 0; NULL = none */
  size_t text_bytes;
  const char *more; /* becomes chunk 1; NULL = none */
  size_t more_bytes;
};

/*
 * Makes a message with everything but the ints of its kind, which are zero.
 * With `more` and without `text` chunk 0 is empty. NULL when out of memory.
 */
struct hf_message *hf_message_new(const struct hf_message_head *head);

/*
 * Allocates a message with arrays of these lengths: ints zeroed, the others
 * not. NULL when out of memory.
 */
struct hf_message *hf_message_alloc(uint32_t n_ints,
                                    uint32_t n_nums,
                                    uint32_t n_chunks,
                                    size_t n_bytes);

/*
 * As hf_message_alloc, but with `bytes` (from hf_alloc) as its bytes: takes
 * ownership of them unless it returns NULL.
 */
struct hf_message *hf_message_alloc_around(uint32_t n_ints,
                                           uint32_t n_nums,
                                           uint32_t n_chunks,
                                           char *bytes,
                                           size_t n_bytes);

/* Frees a list of messages. Accepts NULL. */
void hf_message_free_all(struct hf_message *first);

/* Returns a copy, with `next` NULL, or NULL when out of memory. */
struct hf_message *hf_message_copy(const struct hf_message *message);

/* Returns how many bytes of memory a message takes. */
size_t hf_message_bytes(const struct hf_message *message);

#endif
