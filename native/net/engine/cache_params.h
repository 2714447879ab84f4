/* SPDX-License-Identifier: MIT */
/*
 * The cache parameters of an operation with HF_FLAG_CACHE.
 *
 * Ownership: borrows the operation's fields. Threads: any.
 */
#ifndef HF_NET_ENGINE_CACHE_PARAMS_H
#define HF_NET_ENGINE_CACHE_PARAMS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/cache/cache.h"
#include "holdfast.h"

struct hf_cache_params {
  struct hf_cache_max_age max_age;
  const char *const *labels;
  int32_t n_labels;
};

/*
 * Reads the cache parameters, zero without HF_FLAG_CACHE. Returns how many
 * fields precede the values of the statement, -1 when they are malformed.
 */
int32_t hf_cache_params_read(const struct hf_op *op,
                             const char *const *fields,
                             struct hf_cache_params *params);

#endif
