/* SPDX-License-Identifier: MIT */
/*
 * Results in the query cache: copies of the messages of an answer.
 *
 * Ownership: copies are the caller's, freed by hf_cached_result_free. Threads:
 * one at a time.
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

/* Frees a list of messages, given as hf_cache has it. Accepts NULL. */
void hf_cached_result_free(void *first);

/* Answers a request with a copy, or with HF_NO_MEMORY. */
void hf_cached_result_send(struct hf_outbox *outbox,
                           const struct hf_message *first,
                           uint32_t id_low,
                           uint32_t id_high,
                           bool stale);

#endif
