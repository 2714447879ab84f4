/* SPDX-License-Identifier: MIT */
/*
 * Converts evidence, policies and runs between the arrays of a binding and the
 * structs of the core. Shared by the addon and WebAssembly, so that both reject
 * the same values.
 *
 * Ownership: texts stay the caller's.
 * Threads: any; pure.
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

static bool is_count(double number) {
  return number >= 0 && number <= INT32_MAX;
}

/* Returns the limit, or -1 (none) when the number is not a count. */
static int32_t limit_of(double number) {
  return is_count(number) ? (int32_t)number : -1;
}

static bool is_below(double number, int count) {
  return number >= 0 && number < count;
}

static void read_event(const double numbers[HF_RUN_AT_COUNT],
                       struct hf_run_event *out) {
  *out = (struct hf_run_event){
      .kind = (enum hf_run_event_kind)numbers[HF_RUN_AT_EVENT],
      .random = (uint32_t)numbers[HF_RUN_AT_RANDOM],
      .now_ms = numbers[HF_RUN_AT_NOW],
      .aborted = numbers[HF_RUN_AT_ABORTED] != 0,
      .held = numbers[HF_RUN_AT_HELD] != 0,
      .pending = numbers[HF_RUN_AT_PENDING] != 0,
      .wrote = numbers[HF_RUN_AT_WROTE] != 0,
      .inside = numbers[HF_RUN_AT_INSIDE] != 0,
      .repeated = numbers[HF_RUN_AT_REPEATED] != 0,
      .retries_left = limit_of(numbers[HF_RUN_AT_RETRIES_LEFT]),
      .names_left = limit_of(numbers[HF_RUN_AT_NAMES_LEFT])};
}

bool hf_run_read(const double numbers[HF_RUN_AT_COUNT],
                 struct hf_run *run,
                 struct hf_run_event *event) {
  if (!is_below(numbers[HF_RUN_AT_STATE], HF_RUN_STATES) ||
      !is_below(numbers[HF_RUN_AT_ENDED], HF_STATUS_COUNT) ||
      !is_below(numbers[HF_RUN_AT_EVENT], HF_RUN_EVENTS) ||
      !is_count(numbers[HF_RUN_AT_RETRIES]) ||
      !is_count(numbers[HF_RUN_AT_WAITS]) ||
      !(numbers[HF_RUN_AT_RANDOM] >= 0 &&
        numbers[HF_RUN_AT_RANDOM] <= UINT32_MAX)) {
    return false;
  }
  *run = (struct hf_run){
      .state = (enum hf_run_state)numbers[HF_RUN_AT_STATE],
      .ended = (enum hf_status)numbers[HF_RUN_AT_ENDED],
      .failed = numbers[HF_RUN_AT_FAILED] != 0,
      .caller_deadline = numbers[HF_RUN_AT_CALLER_DEADLINE] != 0,
      .due_at = numbers[HF_RUN_AT_DUE],
      .history = {.retries = (int32_t)numbers[HF_RUN_AT_RETRIES],
                  .deadline_at = numbers[HF_RUN_AT_DEADLINE],
                  .used_once = numbers[HF_RUN_AT_USED_ONCE] != 0,
                  .waits = (int32_t)numbers[HF_RUN_AT_WAITS]}};
  read_event(numbers, event);
  return true;
}

void hf_run_write(const struct hf_run *run, double numbers[HF_RUN_AT_COUNT]) {
  numbers[HF_RUN_AT_STATE] = run->state;
  numbers[HF_RUN_AT_ENDED] = run->ended;
  numbers[HF_RUN_AT_FAILED] = run->failed;
  numbers[HF_RUN_AT_DUE] = run->due_at;
  numbers[HF_RUN_AT_USED_ONCE] = run->history.used_once;
  numbers[HF_RUN_AT_RETRIES] = run->history.retries;
  numbers[HF_RUN_AT_WAITS] = run->history.waits;
}
