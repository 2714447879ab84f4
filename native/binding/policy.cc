// SPDX-License-Identifier: MIT
#include "policy.h"

#include "holdfast.h"

namespace holdfast {

namespace {

constexpr size_t kEvidenceArguments = 1 + HF_EVIDENCE_COUNT;
constexpr size_t kRunArguments = 2 + kEvidenceArguments;

// Evidence together with the strings it borrows.
struct Evidence {
  struct hf_evidence facts = {};
  std::string texts[HF_EVIDENCE_COUNT];
};

// Reads `facts` and the strings after it.
bool ReadEvidence(napi_env env, const napi_value *arguments, Evidence *out) {
  const char *message = "facts must be an Int32Array of known values";
  const char *texts[HF_EVIDENCE_COUNT] = {};
  int32_t *facts = nullptr;
  size_t n = 0;

  if (!ReadInts(env, arguments[0], message, &facts, &n)) {
    return false;
  }
  for (size_t i = 0; i < HF_EVIDENCE_COUNT; i++) {
    const napi_value value = arguments[1 + i];

    if (IsUndefined(env, value)) {
      continue;
    }
    if (!ReadText(env,
                  value,
                  "evidence must be text or undefined",
                  &out->texts[i])) {
      return false;
    }
    texts[i] = out->texts[i].c_str();
  }
  if (n < HF_FACT_COUNT || !hf_evidence_read(facts, texts, &out->facts)) {
    ThrowType(env, message);
    return false;
  }
  return true;
}

napi_value MakeClassification(napi_env env,
                              const struct hf_classification &why) {
  napi_value object = nullptr;

  napi_create_object(env, &object);
  SetInt(env, object, "outcome", why.outcome);
  SetInt(env, object, "unit", why.unit);
  SetBool(env, object, "retryable", why.retryable);
  SetBool(env, object, "once", why.once);
  SetBool(env, object, "slow", why.slow);
  SetBool(env, object, "unnamed", why.unnamed);
  SetBool(env, object, "discard", why.discard);
  SetBool(env, object, "connecting", why.connecting);
  SetBool(env, object, "unknown", why.unknown);
  SetInt(env, object, "doubt", why.doubt);
  SetText(env, object, "reason", why.reason);
  SetText(env, object, "sqlState", why.sqlstate);
  return object;
}

bool ReadPolicy(napi_env env, napi_value value, struct hf_retry_policy *out) {
  const char *message = "policy must be an Int32Array of known values";
  int32_t *words = nullptr;
  size_t n = 0;

  if (!ReadInts(env, value, message, &words, &n)) {
    return false;
  }
  if (n < HF_POLICY_COUNT || !hf_retry_policy_read(words, out)) {
    ThrowType(env, message);
    return false;
  }
  return true;
}

napi_value MakePolicy(napi_env env, const struct hf_retry_policy &policy) {
  int32_t words[HF_POLICY_COUNT];
  napi_value array = nullptr;

  hf_retry_policy_write(&policy, words);
  napi_create_array_with_length(env, HF_POLICY_COUNT, &array);
  for (uint32_t i = 0; i < HF_POLICY_COUNT; i++) {
    napi_set_element(env, array, i, MakeInt(env, words[i]));
  }
  return array;
}

// Also returns the numbers themselves: the new state is written back to them.
bool ReadRun(napi_env env,
             napi_value value,
             double **numbers,
             struct hf_run *run,
             struct hf_run_event *event) {
  const char *message = "run must be a Float64Array of known values";
  size_t n = 0;

  if (!ReadNumbers(env, value, message, numbers, &n)) {
    return false;
  }
  if (n < HF_RUN_AT_COUNT || !hf_run_read(*numbers, run, event)) {
    ThrowType(env, message);
    return false;
  }
  return true;
}

napi_value MakeStep(napi_env env, const struct hf_run_step &step) {
  const struct hf_verdict &verdict = step.verdict;
  napi_value object = nullptr;

  napi_create_object(env, &object);
  SetInt(env, object, "action", step.action);
  SetInt(env, object, "status", step.status);
  SetInt(env, object, "phase", step.phase);
  SetBool(env, object, "again", verdict.again);
  SetInt(env, object, "delayMillis", verdict.delay_ms);
  SetBool(env, object, "waits", verdict.waits);
  SetBool(env, object, "cut", verdict.cut);
  SetBool(env, object, "partial", verdict.partial);
  SetText(env, object, "refused", verdict.refused);
  napi_set_named_property(env,
                          object,
                          "why",
                          MakeClassification(env, verdict.why));
  return object;
}

// classify(facts, sqlstate, routine, code, kind, syscall, name, message)
napi_value Classify(napi_env env, napi_callback_info info) {
  napi_value arguments[kEvidenceArguments];
  size_t n = kEvidenceArguments;
  Evidence evidence;

  napi_get_cb_info(env, info, &n, arguments, nullptr, nullptr);
  if (!ReadEvidence(env, arguments, &evidence)) {
    return nullptr;
  }
  return MakeClassification(env, hf_classify(&evidence.facts));
}

// runNext(policy, run, facts, sqlstate, ..., message); facts and texts only
// when an attempt has failed
napi_value RunNext(napi_env env, napi_callback_info info) {
  napi_value arguments[kRunArguments];
  size_t n = kRunArguments;
  struct hf_retry_policy policy = {};
  struct hf_run run = {};
  struct hf_run_event event = {};
  double *numbers = nullptr;
  Evidence evidence;

  napi_get_cb_info(env, info, &n, arguments, nullptr, nullptr);
  if (!ReadPolicy(env, arguments[0], &policy) ||
      !ReadRun(env, arguments[1], &numbers, &run, &event)) {
    return nullptr;
  }
  if (!IsUndefined(env, arguments[2])) {
    if (!ReadEvidence(env, arguments + 2, &evidence)) {
      return nullptr;
    }
    event.evidence = &evidence.facts;
  }
  const struct hf_run_step step = hf_run_next(&run, &policy, &event);
  hf_run_write(&run, numbers);
  return MakeStep(env, step);
}

// retryPolicyWithin(own, around): what of both a nested run follows
napi_value RetryPolicyWithin(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  size_t n = 2;
  struct hf_retry_policy own = {};
  struct hf_retry_policy around = {};

  napi_get_cb_info(env, info, &n, arguments, nullptr, nullptr);
  if (!ReadPolicy(env, arguments[0], &own) ||
      !ReadPolicy(env, arguments[1], &around)) {
    return nullptr;
  }
  hf_retry_policy_within(&own, &around);
  return MakePolicy(env, own);
}

// retryPolicy(): the defaults
napi_value RetryPolicy(napi_env env, napi_callback_info) {
  struct hf_retry_policy policy = {};

  hf_retry_policy_init(&policy);
  return MakePolicy(env, policy);
}

// retryPreset(name): a policy, or undefined for an unknown name
napi_value RetryPreset(napi_env env, napi_callback_info info) {
  napi_value argument = nullptr;
  size_t n = 1;
  struct hf_retry_policy policy = {};
  std::string name;

  napi_get_cb_info(env, info, &n, &argument, nullptr, nullptr);
  if (!ReadText(env, argument, "name must be a string", &name)) {
    return nullptr;
  }
  return hf_retry_preset(name.c_str(), &policy) ? MakePolicy(env, policy)
                                                : Undefined(env);
}

// retryCountCall(now?)
napi_value RetryCountCall(napi_env env, napi_callback_info info) {
  napi_value argument = nullptr;
  size_t n = 1;
  double now = 0;

  napi_get_cb_info(env, info, &n, &argument, nullptr, nullptr);
  if (n == 0 || ReadNumber(env, argument, "now must be a number", &now)) {
    hf_retry_count_call(now);
  }
  return nullptr;
}

// retryCuts(): repetitions that the budget forbade in this process
napi_value RetryCuts(napi_env env, napi_callback_info) {
  napi_value count = nullptr;

  napi_create_double(env, hf_retry_cuts(), &count);
  return count;
}

// textSplit(text): start, end and HF_TEXT_* bits of each statement; in bytes
napi_value TextSplit(napi_env env, napi_callback_info info) {
  napi_value argument = nullptr;
  napi_value list = nullptr;
  size_t n = 1;
  std::string text;

  napi_get_cb_info(env, info, &n, &argument, nullptr, nullptr);
  if (!ReadText(env, argument, "text must be a string", &text)) {
    return nullptr;
  }
  const int32_t count = hf_text_split(text.data(), text.size(), nullptr, 0);
  std::vector<hf_text_part> parts(static_cast<size_t>(count));
  hf_text_split(text.data(), text.size(), parts.data(), count);
  napi_create_array(env, &list);
  uint32_t i = 0;
  for (const hf_text_part &part : parts) {
    const int32_t start = static_cast<int32_t>(part.start);
    const int32_t end = static_cast<int32_t>(part.end);
    napi_set_element(env, list, i++, MakeInt(env, start));
    napi_set_element(env, list, i++, MakeInt(env, end));
    napi_set_element(env, list, i++, MakeInt(env, part.traits));
  }
  return list;
}

// textPlaceholders(text): start and end in bytes, HF_PLACEHOLDER_* and
// HF_WITHIN_* of each; undefined when a quote or a comment does not end
napi_value TextPlaceholders(napi_env env, napi_callback_info info) {
  napi_value argument = nullptr;
  napi_value list = nullptr;
  size_t n = 1;
  std::string text;

  napi_get_cb_info(env, info, &n, &argument, nullptr, nullptr);
  if (!ReadText(env, argument, "text must be a string", &text)) {
    return nullptr;
  }
  const int32_t count =
      hf_text_placeholders(text.data(), text.size(), nullptr, 0);
  if (count < 0) {
    return Undefined(env);
  }
  std::vector<hf_placeholder> found(static_cast<size_t>(count));
  hf_text_placeholders(text.data(), text.size(), found.data(), count);
  napi_create_array(env, &list);
  uint32_t i = 0;
  for (const hf_placeholder &one : found) {
    const int32_t start = static_cast<int32_t>(one.start);
    const int32_t end = static_cast<int32_t>(one.end);
    napi_set_element(env, list, i++, MakeInt(env, start));
    napi_set_element(env, list, i++, MakeInt(env, end));
    napi_set_element(env, list, i++, MakeInt(env, one.kind));
    napi_set_element(env, list, i++, MakeInt(env, one.within));
  }
  return list;
}

// textTraits(text): HF_TEXT_* bits
napi_value TextTraits(napi_env env, napi_callback_info info) {
  napi_value argument = nullptr;
  size_t n = 1;
  std::string text;

  napi_get_cb_info(env, info, &n, &argument, nullptr, nullptr);
  if (!ReadText(env, argument, "text must be a string", &text)) {
    return nullptr;
  }
  return MakeInt(env, hf_text_traits(text.data(), text.size()));
}

} // namespace

void DefinePolicy(Napi::Env env, Napi::Object exports) {
  SetFunction(env, exports, "classify", Classify);
  SetFunction(env, exports, "runNext", RunNext);
  SetFunction(env, exports, "retryPolicyWithin", RetryPolicyWithin);
  SetFunction(env, exports, "retryPolicy", RetryPolicy);
  SetFunction(env, exports, "retryPreset", RetryPreset);
  SetFunction(env, exports, "retryCountCall", RetryCountCall);
  SetFunction(env, exports, "retryCuts", RetryCuts);
  SetFunction(env, exports, "textTraits", TextTraits);
  SetFunction(env, exports, "textSplit", TextSplit);
  SetFunction(env, exports, "textPlaceholders", TextPlaceholders);
}

} // namespace holdfast
