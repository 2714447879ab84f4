/* SPDX-License-Identifier: MIT */
/*
 * Results that are kept: the messages of an answer, copied once to keep them
 * and once for everybody who gets them.
 *
 * Ownership: copies are the caller's, hf_cached_result_free frees them.
 * Threads: one at a time.
 */
#ifndef HF_NET_ENGINE_CACHED_RESULT_H
#define HF_NET_ENGINE_CACHED_RESULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "holdfast.h"

struct hf_outbox;

/* Returns how many bytes a copy would take. */
size_t hf_cached_result_bytes(const struct hf_message *first);

/* Returns a copy of a list of messages, or NULL when out of memory. */
struct hf_message *hf_cached_result_copy(const struct hf_message *first);

/* Frees a list of messages; takes NULL. A void pointer, as the cache has it. */
void hf_cached_result_free(void *first);

/* Sends a copy as the answer to a request, or says that memory ran out. */
void hf_cached_result_send(struct hf_outbox *outbox,
                           const struct hf_message *first,
                           uint32_t id_low,
                           uint32_t id_high,
                           bool stale);

#endif
