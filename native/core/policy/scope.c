/* SPDX-License-Identifier: MIT */
/* The scope of options when several handles use one pool. */
#include <string.h>

#include "holdfast.h"

/* Options that are not listed apply to the pool. */
static const struct {
  const char *name;
  enum hf_option_scope scope;
} scopes[] = {
    {"statementTimeoutMillis", HF_SCOPE_SESSION},
    {"lockTimeoutMillis", HF_SCOPE_SESSION},
    {"idleInTransactionTimeoutMillis", HF_SCOPE_SESSION},
    {"pooler", HF_SCOPE_SESSION},
    {"names", HF_SCOPE_SESSION},
    {"deallocateBeforeUse", HF_SCOPE_SESSION},
    {"resetOnRelease", HF_SCOPE_SESSION},
    {"keepAlive", HF_SCOPE_SESSION},
    {"keepAliveInitialDelayMillis", HF_SCOPE_SESSION},
    {"tcpUserTimeoutMillis", HF_SCOPE_SESSION},
    {"connectionTimeoutMillis", HF_SCOPE_HANDLE},
    {"deadlineMillis", HF_SCOPE_HANDLE},
    {"timeoutMillis", HF_SCOPE_HANDLE},
    {"drainMillis", HF_SCOPE_HANDLE},
    {"slowQueryMillis", HF_SCOPE_HANDLE},
    {"maxRetries", HF_SCOPE_HANDLE},
    {"retryBaseMillis", HF_SCOPE_HANDLE},
    {"retryCapMillis", HF_SCOPE_HANDLE},
    {"maxResultBytes", HF_SCOPE_HANDLE},
    {"cacheMaxBytes", HF_SCOPE_HANDLE},
    {"inferReads", HF_SCOPE_HANDLE},
};

enum hf_option_scope hf_option_scope(const char *name) {
  size_t i;
  for (i = 0; i < sizeof scopes / sizeof *scopes; i++) {
    if (strcmp(scopes[i].name, name) == 0) {
      return scopes[i].scope;
    }
  }
  return HF_SCOPE_POOL;
}
