// SPDX-License-Identifier: MIT
#include "fate.h"

#include <string>

#include "holdfast.h"

namespace holdfast {

namespace {

constexpr size_t kTexts = 3;
constexpr size_t kIdentityTexts = 4;
constexpr size_t kBeginArguments = kIdentityTexts + 2;
constexpr size_t kNextArguments = 3 + kTexts;

// Reads `count` texts; one that is undefined or null becomes NULL.
bool ReadTexts(napi_env env,
               const napi_value *values,
               size_t count,
               std::string *texts,
               const char **out) {
  for (size_t i = 0; i < count; i++) {
    napi_valuetype type = napi_undefined;

    napi_typeof(env, values[i], &type);
    out[i] = nullptr;
    if (type == napi_undefined || type == napi_null) {
      continue;
    }
    if (!ReadText(env, values[i], "it must be text or null", &texts[i])) {
      return false;
    }
    out[i] = texts[i].c_str();
  }
  return true;
}

napi_value MakeOrder(napi_env env, const struct hf_fate_order &order) {
  napi_value object = nullptr;

  napi_create_object(env, &object);
  SetInt(env, object, "step", order.step);
  SetInt(env, object, "delayMillis", order.delay_ms);
  SetInt(env, object, "leftMillis", order.left_ms);
  SetText(env, object, "reason", order.reason);
  return object;
}

// fateBegin(xid, server, timeline, waits, now, end): an order with the `fate`
// that fateNext() wants
napi_value FateBegin(napi_env env, napi_callback_info info) {
  napi_value arguments[kBeginArguments];
  size_t n = kBeginArguments;
  std::string texts[kIdentityTexts];
  const char *words[kIdentityTexts] = {};
  struct hf_fate_identity identity = {};
  napi_value buffer = nullptr;
  void *memory = nullptr;
  double now = 0;
  double end = 0;

  napi_get_cb_info(env, info, &n, arguments, nullptr, nullptr);
  if (!ReadTexts(env, arguments, kIdentityTexts, texts, words) ||
      !ReadNumber(env, arguments[4], "now must be a number", &now) ||
      !ReadNumber(env, arguments[5], "end must be a number", &end)) {
    return nullptr;
  }
  identity.xid = words[0];
  identity.server = words[1];
  identity.timeline = words[2];
  identity.waits = words[3];
  if (napi_create_arraybuffer(env, sizeof(struct hf_fate), &memory, &buffer) !=
      napi_ok) {
    return nullptr;
  }
  const napi_value order =
      MakeOrder(env,
                hf_fate_begin(static_cast<struct hf_fate *>(memory),
                              &identity,
                              now,
                              end));
  napi_set_named_property(env, order, "fate", buffer);
  return order;
}

// fateNext(fate, event, now, first?, second?, third?): the next order
napi_value FateNext(napi_env env, napi_callback_info info) {
  napi_value arguments[kNextArguments];
  size_t n = kNextArguments;
  std::string texts[kTexts];
  const char *words[kTexts] = {};
  void *memory = nullptr;
  size_t bytes = 0;
  int32_t event = 0;
  double now = 0;

  napi_get_cb_info(env, info, &n, arguments, nullptr, nullptr);
  if (napi_get_arraybuffer_info(env, arguments[0], &memory, &bytes) !=
          napi_ok ||
      bytes != sizeof(struct hf_fate)) {
    ThrowType(env, "fate must come from fateBegin()");
    return nullptr;
  }
  if (!ReadInt32(env, arguments[1], "event must be a number", &event) ||
      !ReadNumber(env, arguments[2], "now must be a number", &now) ||
      !ReadTexts(env, arguments + 3, kTexts, texts, words)) {
    return nullptr;
  }
  if (event < 0 || event >= HF_FATE_EVENTS) {
    ThrowType(env, "event must be one of enum hf_fate_event");
    return nullptr;
  }
  return MakeOrder(env,
                   hf_fate_next(static_cast<struct hf_fate *>(memory),
                                static_cast<enum hf_fate_event>(event),
                                words,
                                now));
}

} // namespace

void DefineFate(Napi::Env env, Napi::Object exports) {
  SetFunction(env, exports, "fateBegin", FateBegin);
  SetFunction(env, exports, "fateNext", FateNext);
}

} // namespace holdfast
