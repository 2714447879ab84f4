/* SPDX-License-Identifier: MIT */
#include "net/engine/settings_params.h"

#include <stdlib.h>
#include <string.h>

/* SETTINGS_MAX: a query has as many parameters as fit into 16 bits. */
enum { DECIMAL = 10, MALFORMED = -1, SETTINGS_MAX = 1000 };

int32_t hf_settings_params_read(const struct hf_op *op,
                                const char *const *fields,
                                int32_t at,
                                struct hf_settings_params *params) {
  char *end;
  long n;
  memset(params, 0, sizeof *params);
  if ((op->flags & HF_FLAG_SETTINGS) == 0 || at < 0) {
    return at;
  }
  if (at >= op->n_fields) {
    return MALFORMED;
  }
  n = strtol(fields[at], &end, DECIMAL);
  if (n < 1 || n > SETTINGS_MAX || 2 * n > op->n_fields - at - 1 ||
      (strcmp(end, " 0") != 0 && strcmp(end, " 1") != 0)) {
    return MALFORMED;
  }
  params->pairs = fields + at + 1;
  params->n = (int32_t)n;
  params->own = end[1] == '1';
  return at + 1 + 2 * params->n;
}
