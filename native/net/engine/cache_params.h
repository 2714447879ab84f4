/* SPDX-License-Identifier: MIT */
/*
 * What an operation with HF_FLAG_CACHE says of the cache, and where its values
 * begin behind that.
 *
 * Ownership: borrows the operation's fields.
 * Threads: any.
 */
#ifndef HF_NET_ENGINE_CACHE_PARAMS_H
#define HF_NET_ENGINE_CACHE_PARAMS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/cache/cache.h"
#include "holdfast.h"

struct hf_cache_params {
  struct hf_cache_max_age cache;
  const char *const *labels;
  int32_t n_labels;
};

/*
 * Reads the terms of a query, zero where it has none, and returns how many
 * fields precede its values; -1 when they do not make sense.
 */
int32_t hf_cache_params_read(const struct hf_op *op,
                             const char *const *fields,
                             struct hf_cache_params *terms);

#endif
