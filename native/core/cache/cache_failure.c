/* SPDX-License-Identifier: MIT */
/* What the failure of a leader means to those that wait for the same result. */
#include <string.h>

#include "core/cache/cache.h"

/* SQLSTATEs by which a server or proxy says that it is not available. */
static const char *const unreachable_states[] = {"08", "53", "57P"};

static bool is_unreachable_state(const char *sqlstate) {
  size_t i;
  for (i = 0; i < sizeof unreachable_states / sizeof unreachable_states[0];
       i++) {
    if (strncmp(sqlstate,
                unreachable_states[i],
                strlen(unreachable_states[i])) == 0) {
      return true;
    }
  }
  return false;
}

bool hf_cache_is_leaders_own(const struct hf_error *error) {
  return error->status == HF_ABORTED || error->status == HF_DEADLINE ||
         error->status == HF_ACQUIRE_TIMEOUT ||
         error->status == HF_BREAKER_OPEN;
}

bool hf_cache_is_unreachable(const struct hf_error *error) {
  if (error->sqlstate[0] != '\0') {
    return is_unreachable_state(error->sqlstate);
  }
  if (error->outcome != HF_OUTCOME_NOT_EXECUTED &&
      error->outcome != HF_OUTCOME_AMBIGUOUS) {
    return false;
  }
  switch (error->status) {
  case HF_SOCKET_ERROR:
  case HF_NAME_ERROR:
  case HF_ACQUIRE_TIMEOUT:
  case HF_QUEUE_FULL:
  case HF_CONNECT_TIMEOUT:
  case HF_QUERY_TIMEOUT:
  case HF_DEADLINE:
  case HF_OUTCOME_UNKNOWN:
  case HF_BREAKER_OPEN:
  case HF_SILENT:
    return true;
  case HF_OK:
  case HF_NO_MEMORY:
  case HF_SERVER_ERROR:
  case HF_TLS_ERROR:
  case HF_AUTH_ERROR:
  case HF_PROTOCOL_ERROR:
  case HF_ABORTED:
  case HF_POOL_CLOSED:
  case HF_RELEASED:
  case HF_PARAM_INVALID:
  case HF_COPY_UNSUPPORTED:
  case HF_RESULT_TOO_LARGE:
  case HF_SESSION_REQUIRED:
  case HF_TRANSACTION_OPEN:
  case HF_COMMIT_ROLLED_BACK:
  case HF_ROLLED_BACK:
  case HF_HOOK_FAILED:
  case HF_STATUS_COUNT:
    break;
  }
  return false;
}
