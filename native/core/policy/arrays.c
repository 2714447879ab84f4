/* SPDX-License-Identifier: MIT */
/*
 * Evidence, policies and histories between the arrays that a binding hands
 * over and the structs that the judge reads. The addon and WebAssembly share
 * it, so that both refuse the same values.
 *
 * Ownership: texts stay the caller's.
 * Threads: any; no state.
 */
#include "holdfast.h"

static bool is_up_to(int32_t value, int32_t last) {
  return value >= 0 && value <= last;
}

bool hf_evidence_read(const int32_t facts[HF_FACT_COUNT],
                      const char *const texts[HF_EVIDENCE_COUNT],
                      struct hf_evidence *out) {
  if (!is_up_to(facts[HF_FACT_PHASE], HF_PHASE_UNKNOWN) ||
      !is_up_to(facts[HF_FACT_STATUS], HF_STATUS_COUNT - 1) ||
      !is_up_to(facts[HF_FACT_SEVERITY], HF_SEVERITY_PANIC) ||
      !is_up_to(facts[HF_FACT_SPEAKER], HF_SPEAKER_POOLER) ||
      !is_up_to(facts[HF_FACT_KNOWN], HF_OUTCOME_PERMANENT)) {
    return false;
  }
  *out = (struct hf_evidence){
      .phase = (enum hf_phase)facts[HF_FACT_PHASE],
      .status = (enum hf_status)facts[HF_FACT_STATUS],
      .severity = (enum hf_severity)facts[HF_FACT_SEVERITY],
      .speaker = (enum hf_speaker)facts[HF_FACT_SPEAKER],
      .in_transaction = facts[HF_FACT_IN_TRANSACTION] != 0,
      .commit_sent = facts[HF_FACT_COMMIT_SENT] != 0,
      .may_commit_midway = facts[HF_FACT_MAY_COMMIT_MIDWAY] != 0,
      .nothing_sent = facts[HF_FACT_NOTHING_SENT] != 0,
      .only_reads = facts[HF_FACT_ONLY_READS] != 0,
      .known = (enum hf_outcome)facts[HF_FACT_KNOWN],
      .known_retryable = facts[HF_FACT_KNOWN_RETRYABLE] != 0,
      .sqlstate = texts[HF_EVIDENCE_SQLSTATE],
      .routine = texts[HF_EVIDENCE_ROUTINE],
      .code = texts[HF_EVIDENCE_CODE],
      .kind = texts[HF_EVIDENCE_KIND],
      .syscall = texts[HF_EVIDENCE_SYSCALL],
      .name = texts[HF_EVIDENCE_NAME],
      .message = texts[HF_EVIDENCE_MESSAGE]};
  return true;
}

bool hf_retry_policy_read(const int32_t words[HF_POLICY_COUNT],
                          struct hf_retry_policy *out) {
  if (!is_up_to(words[HF_POLICY_JITTER], HF_JITTER_NONE) ||
      !is_up_to(words[HF_POLICY_GROWTH], HF_GROWTH_LINEAR)) {
    return false;
  }
  *out = (struct hf_retry_policy){
      .max_retries = words[HF_POLICY_MAX_RETRIES],
      .base_ms = words[HF_POLICY_BASE_MS],
      .cap_ms = words[HF_POLICY_CAP_MS],
      .jitter = (enum hf_jitter)words[HF_POLICY_JITTER],
      .growth = (enum hf_growth)words[HF_POLICY_GROWTH],
      .retry_ambiguous = words[HF_POLICY_RETRY_AMBIGUOUS] != 0,
      .count_given = words[HF_POLICY_COUNT_GIVEN] != 0,
      .delays_given = words[HF_POLICY_DELAYS_GIVEN] != 0,
      .unbudgeted = words[HF_POLICY_UNBUDGETED] != 0,
      .name_retries = words[HF_POLICY_NAME_RETRIES]};
  return true;
}

void hf_retry_policy_write(const struct hf_retry_policy *policy,
                           int32_t words[HF_POLICY_COUNT]) {
  words[HF_POLICY_MAX_RETRIES] = policy->max_retries;
  words[HF_POLICY_BASE_MS] = policy->base_ms;
  words[HF_POLICY_CAP_MS] = policy->cap_ms;
  words[HF_POLICY_JITTER] = (int32_t)policy->jitter;
  words[HF_POLICY_GROWTH] = (int32_t)policy->growth;
  words[HF_POLICY_RETRY_AMBIGUOUS] = policy->retry_ambiguous;
  words[HF_POLICY_COUNT_GIVEN] = policy->count_given;
  words[HF_POLICY_DELAYS_GIVEN] = policy->delays_given;
  words[HF_POLICY_UNBUDGETED] = policy->unbudgeted;
  words[HF_POLICY_NAME_RETRIES] = policy->name_retries;
}

bool hf_retry_state_read(const double numbers[HF_HISTORY_COUNT],
                         struct hf_retry_state *out) {
  if (!(numbers[HF_HISTORY_RETRIES] >= 0) ||
      numbers[HF_HISTORY_RETRIES] > INT32_MAX) {
    return false;
  }
  *out =
      (struct hf_retry_state){.retries = (int32_t)numbers[HF_HISTORY_RETRIES],
                              .deadline_at = numbers[HF_HISTORY_DEADLINE_AT],
                              .used_once = numbers[HF_HISTORY_USED_ONCE] != 0,
                              .waits = (int32_t)numbers[HF_HISTORY_WAITS]};
  return true;
}

void hf_retry_state_write(const struct hf_retry_state *state,
                          double numbers[HF_HISTORY_COUNT]) {
  numbers[HF_HISTORY_RETRIES] = state->retries;
  numbers[HF_HISTORY_DEADLINE_AT] = state->deadline_at;
  numbers[HF_HISTORY_USED_ONCE] = state->used_once ? 1 : 0;
  numbers[HF_HISTORY_WAITS] = state->waits;
}
