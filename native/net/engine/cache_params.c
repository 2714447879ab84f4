/* SPDX-License-Identifier: MIT */
#include "net/engine/cache_params.h"

#include <stdlib.h>
#include <string.h>

enum { DECIMAL = 10, US_PER_MS = 1000, MALFORMED = -1 };

/* Reads a number that is followed by `after`; false when there is none. */
static bool read_number(const char **text, char after, int64_t *out) {
  char *end;
  if (**text < '0' || **text > '9') {
    return false;
  }
  *out = strtoll(*text, &end, DECIMAL);
  if (*end != after || *out > INT32_MAX) {
    return false;
  }
  *text = end + (after != '\0');
  return true;
}

int32_t hf_cache_params_read(const struct hf_op *op,
                             const char *const *fields,
                             struct hf_cache_params *params) {
  int32_t first = (op->flags & HF_FLAG_NAMED) != 0 ? 2 : 1;
  const char *text;
  int64_t ttl_ms = 0;
  int64_t stale_ms = 0;
  int64_t n_labels = 0;
  memset(params, 0, sizeof *params);
  if ((op->flags & HF_FLAG_CACHE) == 0) {
    return first;
  }
  if (op->n_fields <= first) {
    return MALFORMED;
  }
  text = fields[first];
  if (!read_number(&text, ' ', &ttl_ms) ||
      !read_number(&text, ' ', &stale_ms) ||
      !read_number(&text, '\0', &n_labels) ||
      n_labels > op->n_fields - first - 1) {
    return MALFORMED;
  }
  params->max_age.ttl_us = (uint64_t)ttl_ms * US_PER_MS;
  params->max_age.stale_us = (uint64_t)stale_ms * US_PER_MS;
  params->labels = fields + first + 1;
  params->n_labels = (int32_t)n_labels;
  return first + 1 + params->n_labels;
}
