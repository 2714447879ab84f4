/* SPDX-License-Identifier: MIT */
/* What our own statuses say about a failed unit of work. */
#include <string.h>

#include "core/policy/classify_rules.h"

enum about {
  NEUTRAL = 1 << 0,     /* does not count as a failure to connect */
  TRANSACTION = 1 << 1, /* always concerns a transaction that ran */
  AGAIN = 1 << 2        /* a request refused with it may be made again */
};

/* Our own statuses: what they mean before and after something was sent. */
struct status_row {
  struct hf_rule before;
  struct hf_rule after;
  int about; /* enum about */
};

/* clang-format off */
static const struct status_row statuses[HF_STATUS_COUNT] = {
  [HF_NO_MEMORY] = {
    {N, 0, "the process is out of memory"},
    {A, DISCARD, "the process ran out of memory before the answer"},
    NEUTRAL},
  [HF_SERVER_ERROR] = {
    {N, RETRY | HF_TRAIT_DISCARD, "the server refused without a code"},
    {A, RETRY | DISCARD, "the server reported an error without a code"},
    0},
  [HF_SOCKET_ERROR] = {
    {N, CONNECT, "the connection was lost before anything was sent"},
    {A, RETRY | DISCARD, "the connection was lost"},
    0},
  [HF_NAME_ERROR] = {
    {N, CONNECT | HF_TRAIT_ONCE, "the host name could not be resolved"},
    {N, CONNECT | HF_TRAIT_ONCE, "the host name could not be resolved"},
    0},
  [HF_TLS_ERROR] = {
    {P, REFUSED, "TLS could not be established"},
    {A, DISCARD, "TLS failed"},
    0},
  [HF_AUTH_ERROR] = {
    {P, REFUSED, "authentication failed"},
    {P, REFUSED, "authentication failed"},
    0},
  [HF_PROTOCOL_ERROR] = {
    {P, REFUSED, "the server broke the protocol"},
    {A, DISCARD, "the server broke the protocol"},
    0},
  [HF_ACQUIRE_TIMEOUT] = {
    {N, RETRY | SLOW, "no connection became free in time"},
    {N, RETRY | SLOW, "no connection became free in time"},
    NEUTRAL | AGAIN},
  [HF_QUEUE_FULL] = {
    {N, RETRY | SLOW, "too many calls were waiting"},
    {N, RETRY | SLOW, "too many calls were waiting"},
    NEUTRAL | AGAIN},
  [HF_CONNECT_TIMEOUT] = {
    {N, CONNECT, "connecting took too long"},
    {N, CONNECT, "connecting took too long"},
    0},
  [HF_QUERY_TIMEOUT] = {
    {N, RETRY, "time ran out before the statement was sent"},
    {A, RETRY | DISCARD, "no answer in time; the server may still be at it"},
    0},
  [HF_DEADLINE] = {
    {N, 0, "the deadline came before the statement was sent"},
    {A, DISCARD, "the deadline came before the answer"},
    NEUTRAL | AGAIN},
  [HF_ABORTED] = {
    {N, 0, "the caller aborted it before it was sent"},
    {A, 0, "the caller aborted it before the answer"},
    NEUTRAL},
  [HF_POOL_CLOSED] = {
    {P, 0, "the pool was ended"},
    {A, DISCARD, "the pool was ended before the answer"},
    NEUTRAL},
  [HF_RELEASED] = {
    {P, 0, "the client was released already"},
    {P, 0, "the client was released already"},
    0},
  [HF_PARAM_INVALID] = {
    {P, 0, "a value cannot be sent"},
    {P, 0, "a value cannot be sent"},
    0},
  [HF_COPY_UNSUPPORTED] = {
    {P, 0, "COPY is not supported here"},
    {P, 0, "COPY is not supported here"},
    0},
  [HF_RESULT_TOO_LARGE] = {
    {P, 0, "the result is too large"},
    {P, HF_TRAIT_DISCARD, "the result is too large"},
    0},
  [HF_OUTCOME_UNKNOWN] = {
    {A, RETRY | DISCARD, "the connection was lost during COMMIT"},
    {A, RETRY | DISCARD, "the connection was lost during COMMIT"},
    TRANSACTION},
  [HF_BREAKER_OPEN] = {
    {N, RETRY, "the server cannot be reached"},
    {N, RETRY, "the server cannot be reached"},
    NEUTRAL | AGAIN},
  [HF_SESSION_REQUIRED] = {
    {P, 0, "this needs a session of its own"},
    {P, 0, "this needs a session of its own"},
    0},
  [HF_TRANSACTION_OPEN] = {
    {P, 0, "the transaction was left open and rolled back"},
    {P, 0, "the transaction was left open and rolled back"},
    TRANSACTION},
  [HF_COMMIT_ROLLED_BACK] = {
    {R, 0, "the transaction had failed before COMMIT"},
    {R, 0, "the transaction had failed before COMMIT"},
    TRANSACTION},
  [HF_SILENT] = {
    {N, RETRY | HF_TRAIT_DISCARD, "the server fell silent"},
    {A, RETRY | DISCARD, "the server fell silent"},
    0},
  [HF_ROLLED_BACK] = {
    {N, 0, "a ROLLBACK came before it was sent"},
    {A, 0, "a ROLLBACK came before the answer"},
    NEUTRAL},
  [HF_HOOK_FAILED] = {
    {N, 0, "the connection could not be prepared"},
    {N, 0, "the connection could not be prepared"},
    NEUTRAL}
};
/* clang-format on */

/* A token service that is down comes back; a wrong password stays wrong. */
static const struct hf_rule no_password = {N,
                                           CONNECT,
                                           "the password function failed"};
static const struct hf_rule between_attempts = {
    R,
    0,
    "it ended between two attempts"};

bool hf_classify_is_ours(const struct hf_evidence *evidence) {
  return evidence->status != HF_OK &&
         (unsigned)evidence->status < HF_STATUS_COUNT;
}

bool hf_classify_concerns_transaction(const struct hf_evidence *evidence) {
  return hf_classify_is_ours(evidence) &&
         (statuses[evidence->status].about & TRANSACTION) != 0;
}

bool hf_classify_is_neutral(const struct hf_evidence *evidence) {
  return (statuses[evidence->status].about & NEUTRAL) != 0;
}

bool hf_classify_may_be_made_again(enum hf_status refusal) {
  return (statuses[refusal].about & AGAIN) != 0;
}

const struct hf_rule *hf_classify_status(const struct hf_evidence *evidence,
                                         bool before_work) {
  const struct status_row *row = &statuses[evidence->status];

  if (evidence->phase == HF_PHASE_BACKOFF && !evidence->nothing_sent) {
    return &between_attempts;
  }
  if (evidence->status == HF_AUTH_ERROR && evidence->syscall != NULL &&
      strcmp(evidence->syscall, "password") == 0) {
    return &no_password;
  }
  return before_work ? &row->before : &row->after;
}
