/* SPDX-License-Identifier: MIT */
/*
 * Options of a pool that several handles share: of those that concern the whole
 * pool, the first value that a handle has given is in force.
 */
#include <string.h>

#include "core/base/alloc.h"
#include "net/base/clock.h"
#include "net/engine/netpool.h"

static bool is_secret(const char *name) {
  return strcmp(name, "pg.password") == 0 ||
         strcmp(name, "pg.sslpassword") == 0 ||
         strcmp(name, "pg.sslkey_pem") == 0;
}

enum hf_status hf_netpool_keep_options(struct hf_netpool *pool,
                                       const char *const *fields,
                                       int32_t n_fields) {
  size_t bytes = pool->options_bytes;
  char *out;
  int32_t i;
  for (i = 0; i < n_fields; i++) {
    bytes += strlen(fields[i]) + 1;
  }
  out = hf_realloc(pool->options, bytes + 1);
  if (out == NULL) {
    return HF_NO_MEMORY;
  }
  pool->options = out;
  out += pool->options_bytes;
  for (i = 0; i + 1 < n_fields; i += 2) {
    size_t name_bytes = strlen(fields[i]) + 1;
    size_t value_bytes = strlen(fields[i + 1]) + 1;
    if (is_secret(fields[i])) {
      continue;
    }
    memcpy(out, fields[i], name_bytes);
    memcpy(out + name_bytes, fields[i + 1], value_bytes);
    out += name_bytes + value_bytes;
  }
  pool->options_bytes = (size_t)(out - pool->options);
  return HF_OK;
}

static bool was_written(const struct hf_netpool *pool, const char *name) {
  const char *at = pool->options;
  const char *end = at + pool->options_bytes;
  while (at < end) {
    const char *value = at + strlen(at) + 1;
    if (strcmp(at, name) == 0) {
      return true;
    }
    at = value + strlen(value) + 1;
  }
  return false;
}

enum hf_status hf_netpool_configure(struct hf_netpool *pool,
                                    const char *const *fields,
                                    int32_t n_fields,
                                    struct hf_error *error) {
  enum hf_status status = HF_OK;
  int32_t i;
  for (i = 0; i + 1 < n_fields && status == HF_OK; i += 2) {
    if (!hf_config_knows(fields[i]) ||
        hf_option_scope(fields[i]) != HF_SCOPE_POOL ||
        was_written(pool, fields[i])) {
      continue;
    }
    status = hf_pool_configure(&pool->core,
                               fields[i],
                               fields[i + 1],
                               hf_clock_us(),
                               error);
    if (status == HF_OK) {
      status = hf_netpool_keep_options(pool, fields + i, 2);
    }
  }
  return status;
}
