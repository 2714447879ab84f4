/* SPDX-License-Identifier: MIT */
#include "abi.h"

#include "holdfast.h"

enum { PAGE = 1 << 16 };

static int32_t words[HF_WORD_COUNT];
static double numbers[HF_NUMBER_COUNT];

/* The linker's: where memory is free. */
extern char __heap_base;

static int32_t address(const void *at) {
  return (int32_t)(uintptr_t)at;
}

static const char *text(int place) {
  return (const char *)(uintptr_t)(uint32_t)words[place];
}

static bool read_evidence(struct hf_evidence *out) {
  const char *texts[HF_EVIDENCE_COUNT];
  int i;

  for (i = 0; i < HF_EVIDENCE_COUNT; i++) {
    texts[i] = text(HF_WORD_TEXTS + i);
  }
  return hf_evidence_read(words + HF_WORD_FACTS, texts, out);
}

static void write_classification(const struct hf_classification *why) {
  int i;

  words[HF_WORD_OUTCOME] = (int32_t)why->outcome;
  words[HF_WORD_UNIT] = (int32_t)why->unit;
  words[HF_WORD_TRAITS] = (why->retryable ? HF_TRAIT_RETRYABLE : 0) |
                          (why->once ? HF_TRAIT_ONCE : 0) |
                          (why->slow ? HF_TRAIT_SLOW : 0) |
                          (why->unnamed ? HF_TRAIT_UNNAMED : 0) |
                          (why->discard ? HF_TRAIT_DISCARD : 0) |
                          (why->connecting ? HF_TRAIT_CONNECTING : 0) |
                          (why->unknown ? HF_TRAIT_UNKNOWN : 0);
  words[HF_WORD_DOUBT] = why->doubt;
  words[HF_WORD_REASON] = address(why->reason);
  for (i = 0; i < HF_WORD_DOUBT - HF_WORD_SQLSTATE; i++) {
    words[HF_WORD_SQLSTATE + i] = why->sqlstate[i];
  }
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

static void write_step(const struct hf_run_step *step) {
  const struct hf_verdict *verdict = &step->verdict;

  write_classification(&verdict->why);
  words[HF_WORD_ACTION] = (int32_t)step->action;
  words[HF_WORD_ENDED] = (int32_t)step->status;
  words[HF_WORD_PHASE] = (int32_t)step->phase;
  words[HF_WORD_AGAIN] = verdict->again;
  words[HF_WORD_WAITS] = verdict->waits;
  words[HF_WORD_CUT] = verdict->cut;
  words[HF_WORD_PARTIAL] = verdict->partial;
  words[HF_WORD_DELAY_MS] = verdict->delay_ms;
  words[HF_WORD_REFUSED] = address(verdict->refused);
}

int32_t hf_wasm_run_next(int32_t has_evidence) {
  struct hf_retry_policy policy;
  struct hf_run run;
  struct hf_run_event event;
  struct hf_evidence evidence;
  struct hf_run_step step;

  if (!hf_retry_policy_read(words + HF_WORD_POLICY, &policy)) {
    return HF_UNREAD_POLICY;
  }
  if (!hf_run_read(numbers + HF_NUMBER_RUN, &run, &event)) {
    return HF_UNREAD_RUN;
  }
  if (has_evidence != 0) {
    if (!read_evidence(&evidence)) {
      return HF_UNREAD_EVIDENCE;
    }
    event.evidence = &evidence;
  }
  step = hf_run_next(&run, &policy, &event);
  hf_run_write(&run, numbers + HF_NUMBER_RUN);
  write_step(&step);
  return HF_UNREAD_NOTHING;
}

void hf_wasm_retry_policy(void) {
  struct hf_retry_policy policy;

  hf_retry_policy_init(&policy);
  hf_retry_policy_write(&policy, words + HF_WORD_POLICY);
}

int32_t hf_wasm_retry_policy_within(void) {
  struct hf_retry_policy policy;
  struct hf_retry_policy around;

  if (!hf_retry_policy_read(words + HF_WORD_POLICY, &policy) ||
      !hf_retry_policy_read(words + HF_WORD_AROUND, &around)) {
    return 0;
  }
  hf_retry_policy_within(&policy, &around);
  hf_retry_policy_write(&policy, words + HF_WORD_POLICY);
  return 1;
}

int32_t hf_wasm_retry_preset(void) {
  struct hf_retry_policy policy;

  if (!hf_retry_preset(text(HF_WORD_NAME), &policy)) {
    return 0;
  }
  hf_retry_policy_write(&policy, words + HF_WORD_POLICY);
  return 1;
}

void hf_wasm_retry_count_call(double now_ms) {
  hf_retry_count_call(now_ms);
}

double hf_wasm_retry_cuts(void) {
  return hf_retry_cuts();
}

int32_t hf_wasm_text_traits(uint32_t bytes) {
  return hf_text_traits(text(HF_WORD_NAME), bytes);
}

int32_t hf_wasm_option(uint32_t i) {
  size_t count;
  const struct hf_option *option = hf_option_table(&count) + i;

  if (i >= count) {
    return 0;
  }
  words[HF_WORD_OPTION_NAME] = address(option->name);
  words[HF_WORD_OPTION_KIND] = (int32_t)option->kind;
  words[HF_WORD_OPTION_WORDS] = address(option->words);
  words[HF_WORD_OPTION_UNIT] = address(option->unit);
  words[HF_WORD_OPTION_SCOPE] = (int32_t)hf_option_scope(option->name);
  numbers[HF_NUMBER_INITIAL] = option->initial;
  numbers[HF_NUMBER_MIN] = option->min;
  numbers[HF_NUMBER_MAX] = option->max;
  return 1;
}

int32_t hf_wasm_status(uint32_t i) {
  if (i >= HF_STATUS_COUNT) {
    return 0;
  }
  words[HF_WORD_STATUS_CODE] = address(hf_status_code((enum hf_status)i));
  words[HF_WORD_STATUS_TEXT] = address(hf_status_text((enum hf_status)i));
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
