/* SPDX-License-Identifier: MIT */
/*
 * Messages to a port: one allocation each, zeroed header fields included.
 * hf_message_free (holdfast.h) frees them.
 */
#ifndef HF_NET_WIRE_MESSAGE_H
#define HF_NET_WIRE_MESSAGE_H

#include <stddef.h>
#include <stdint.h>

#include "holdfast.h"

/*
 * Returns a block with arrays of these lengths (ints zeroed, the rest not),
 * or NULL when out of memory.
 */
struct hf_message *hf_message_alloc(uint32_t n_ints,
                                    uint32_t n_nums,
                                    uint32_t n_chunks,
                                    size_t n_bytes);

/*
 * As hf_message_alloc, but the bytes are `bytes` (from hf_alloc), which the
 * block owns from now on. On failure they are still the caller's.
 */
struct hf_message *hf_message_alloc_around(uint32_t n_ints,
                                           uint32_t n_nums,
                                           uint32_t n_chunks,
                                           char *bytes,
                                           size_t n_bytes);

/*
 * Returns a message that is complete but for its own ints: kind, length, id,
 * counts are filled in. `text` (may hold NULs, may be NULL) becomes chunk 0;
 * it is UTF-8. NULL when out of memory.
 */
struct hf_message *hf_message_new(enum hf_msg_kind kind,
                                  uint32_t n_ints,
                                  int32_t id_low,
                                  int32_t id_high,
                                  const char *text,
                                  size_t text_bytes);

/* As hf_message_new with a second chunk, `more`, unless that is NULL. */
struct hf_message *hf_message_new2(enum hf_msg_kind kind,
                                   uint32_t n_ints,
                                   int32_t id_low,
                                   int32_t id_high,
                                   const char *text,
                                   size_t text_bytes,
                                   const char *more,
                                   size_t more_bytes);

/* Frees a list of messages. Accepts NULL. */
void hf_message_free_all(struct hf_message *first);

/* Returns a copy, with `next` NULL, or NULL when out of memory. */
struct hf_message *hf_message_copy(const struct hf_message *message);

/* Returns how many bytes a block takes. */
size_t hf_message_bytes(const struct hf_message *message);

#endif
