/* SPDX-License-Identifier: MIT */
#include "abi.h"

#include "holdfast.h"

enum { PAGE = 1 << 16 };

static int32_t words[WORDS];
static double numbers[NUMBERS];

/* The linker's: where memory is free. */
extern char __heap_base;

static int32_t address(const void *at) {
  return (int32_t)(uintptr_t)at;
}

static const char *text(int place) {
  return (const char *)(uintptr_t)(uint32_t)words[place];
}

static bool in_range(int place, int32_t last) {
  return words[place] >= 0 && words[place] <= last;
}

/* The engine tests enums by table: no other value may reach it. */
static bool read_evidence(struct hf_evidence *out) {
  if (!in_range(PHASE, HF_PHASE_UNKNOWN) ||
      !in_range(STATUS, HF_STATUS_COUNT - 1) ||
      !in_range(SEVERITY, HF_SEVERITY_PANIC) ||
      !in_range(SPEAKER, HF_SPEAKER_POOLER)) {
    return false;
  }
  out->phase = (enum hf_phase)words[PHASE];
  out->status = (enum hf_status)words[STATUS];
  out->severity = (enum hf_severity)words[SEVERITY];
  out->speaker = (enum hf_speaker)words[SPEAKER];
  out->in_transaction = words[IN_TRANSACTION] != 0;
  out->commit_sent = words[COMMIT_SENT] != 0;
  out->may_commit_midway = words[MAY_COMMIT_MIDWAY] != 0;
  out->nothing_sent = words[NOTHING_SENT] != 0;
  out->only_reads = words[ONLY_READS] != 0;
  out->sqlstate = text(SQLSTATE);
  out->routine = text(ROUTINE);
  out->code = text(CODE);
  out->kind = text(KIND);
  out->syscall = text(SYSCALL);
  out->name = text(NAME);
  out->message = text(MESSAGE);
  return true;
}

static void write_classification(const struct hf_classification *why) {
  words[OUTCOME] = (int32_t)why->outcome;
  words[UNIT] = (int32_t)why->unit;
  words[TRAITS] = (why->retryable ? TRAIT_RETRYABLE : 0) |
                  (why->once ? TRAIT_ONCE : 0) | (why->slow ? TRAIT_SLOW : 0) |
                  (why->unnamed ? TRAIT_UNNAMED : 0) |
                  (why->discard ? TRAIT_DISCARD : 0) |
                  (why->connecting ? TRAIT_CONNECTING : 0);
  words[REASON] = address(why->reason);
}

static bool read_policy(struct hf_retry_policy *out) {
  if (!in_range(JITTER, HF_JITTER_NONE) ||
      !in_range(GROWTH, HF_GROWTH_LINEAR)) {
    return false;
  }
  out->max_retries = words[MAX_RETRIES];
  out->base_ms = words[BASE_MS];
  out->cap_ms = words[CAP_MS];
  out->jitter = (enum hf_jitter)words[JITTER];
  out->growth = (enum hf_growth)words[GROWTH];
  out->retry_ambiguous = words[RETRY_AMBIGUOUS] != 0;
  out->count_given = words[COUNT_GIVEN] != 0;
  out->delays_given = words[DELAYS_GIVEN] != 0;
  out->unbudgeted = words[UNBUDGETED] != 0;
  out->outside = false;
  out->name_retries = words[NAME_RETRIES];
  return true;
}

static void write_policy(const struct hf_retry_policy *policy) {
  words[MAX_RETRIES] = policy->max_retries;
  words[BASE_MS] = policy->base_ms;
  words[CAP_MS] = policy->cap_ms;
  words[JITTER] = (int32_t)policy->jitter;
  words[GROWTH] = (int32_t)policy->growth;
  words[RETRY_AMBIGUOUS] = policy->retry_ambiguous;
  words[COUNT_GIVEN] = policy->count_given;
  words[DELAYS_GIVEN] = policy->delays_given;
  words[UNBUDGETED] = policy->unbudgeted;
  words[NAME_RETRIES] = policy->name_retries;
}

static bool read_state(struct hf_retry_state *out) {
  if (!(numbers[RETRIES] >= 0) || numbers[RETRIES] > INT32_MAX) {
    return false;
  }
  out->retries = (int32_t)numbers[RETRIES];
  out->deadline_at = numbers[DEADLINE_AT];
  out->used_once = numbers[USED_ONCE] != 0;
  out->waits = (int32_t)numbers[WAITS];
  return true;
}

static void write_state(const struct hf_retry_state *state) {
  numbers[RETRIES] = state->retries;
  numbers[DEADLINE_AT] = state->deadline_at;
  numbers[USED_ONCE] = state->used_once ? 1 : 0;
  numbers[WAITS] = state->waits;
}

int32_t *hf_wasm_words(void) {
  return words;
}

double *hf_wasm_numbers(void) {
  return numbers;
}

char *hf_wasm_reserve(uint32_t bytes) {
  size_t have = __builtin_wasm_memory_size(0) * PAGE;
  size_t from = (size_t)&__heap_base;

  if (bytes > have - from) {
    size_t pages = (bytes - (have - from)) / PAGE + 1;
    if (__builtin_wasm_memory_grow(0, pages) == (size_t)-1) {
      return NULL;
    }
  }
  return &__heap_base;
}

int32_t hf_wasm_classify(void) {
  struct hf_evidence evidence;
  struct hf_classification why;

  if (!read_evidence(&evidence)) {
    return 0;
  }
  why = hf_classify(&evidence);
  write_classification(&why);
  return 1;
}

int32_t hf_wasm_retry_next(double now_ms, uint32_t random) {
  struct hf_retry_policy policy;
  struct hf_retry_state state;
  struct hf_evidence evidence;
  struct hf_verdict verdict;

  if (!read_policy(&policy)) {
    return BAD_POLICY;
  }
  if (!read_state(&state)) {
    return BAD_STATE;
  }
  if (!read_evidence(&evidence)) {
    return BAD_EVIDENCE;
  }
  verdict = hf_retry_next(&policy, &state, &evidence, now_ms, random);
  write_state(&state);
  write_classification(&verdict.why);
  words[AGAIN] = verdict.again;
  words[DELAY_MS] = verdict.delay_ms;
  words[WAITS_FOR_SERVER] = verdict.waits;
  words[CUT] = verdict.cut;
  words[REFUSED] = verdict.again ? 0 : address(verdict.refused);
  return READ_ALL;
}

void hf_wasm_retry_policy(void) {
  struct hf_retry_policy policy;

  hf_retry_policy_init(&policy);
  write_policy(&policy);
}

int32_t hf_wasm_retry_preset(void) {
  struct hf_retry_policy policy;

  if (!hf_retry_preset(text(NAME), &policy)) {
    return 0;
  }
  write_policy(&policy);
  return 1;
}

void hf_wasm_retry_count_call(double now_ms) {
  hf_retry_count_call(now_ms);
}

double hf_wasm_retry_cuts(void) {
  return hf_retry_cuts();
}

int32_t hf_wasm_text_traits(uint32_t bytes) {
  return hf_text_traits(text(NAME), bytes);
}

int32_t hf_wasm_option(uint32_t i) {
  size_t count;
  const struct hf_option *option = hf_option_table(&count) + i;

  if (i >= count) {
    return 0;
  }
  words[OPTION_NAME] = address(option->name);
  words[OPTION_KIND] = (int32_t)option->kind;
  words[OPTION_WORDS] = address(option->words);
  words[OPTION_UNIT] = address(option->unit);
  words[OPTION_SCOPE] = (int32_t)hf_option_scope(option->name);
  numbers[OPTION_INITIAL] = option->initial;
  numbers[OPTION_MIN] = option->min;
  numbers[OPTION_MAX] = option->max;
  return 1;
}

int32_t hf_wasm_status(uint32_t i) {
  if (i >= HF_STATUS_COUNT) {
    return 0;
  }
  words[STATUS_CODE] = address(hf_status_code((enum hf_status)i));
  words[STATUS_TEXT] = address(hf_status_text((enum hf_status)i));
  return 1;
}

const char *const *hf_wasm_stats_names(void) {
  return hf_stats_names();
}

int32_t hf_wasm_stats_bound(uint32_t i) {
  size_t n;
  const double *bounds = hf_stats_bounds(&n);

  if (i >= n) {
    return 0;
  }
  numbers[0] = bounds[i];
  return 1;
}
