// SPDX-License-Identifier: MIT
#include "tables.h"

#include <cstring>

#include "args.h"
#include "environment.h"
#include "holdfast.h"

namespace holdfast {

namespace {

const char *KindName(enum hf_option_kind kind) {
  switch (kind) {
  case HF_OPTION_INT:
    return "int";
  case HF_OPTION_BOOL:
    return "bool";
  case HF_OPTION_TEXT:
    return "text";
  case HF_OPTION_ENUM:
    return "enum";
  }
  return nullptr;
}

const char *ScopeName(enum hf_option_scope scope) {
  switch (scope) {
  case HF_SCOPE_POOL:
    return "pool";
  case HF_SCOPE_SESSION:
    return "session";
  case HF_SCOPE_HANDLE:
    return "handle";
  }
  return nullptr;
}

// optionTable(): {name, kind, initial, min, max, words, unit, scope}[]
napi_value OptionTable(napi_env env, napi_callback_info) {
  size_t count = 0;
  const struct hf_option *options = hf_option_table(&count);
  napi_value table = nullptr;

  napi_create_array_with_length(env, count, &table);
  for (size_t i = 0; i < count; i++) {
    const struct hf_option *option = &options[i];
    napi_value row = nullptr;

    napi_create_object(env, &row);
    SetText(env, row, "name", option->name);
    SetText(env, row, "kind", KindName(option->kind));
    SetNumber(env, row, "initial", option->initial);
    SetNumber(env, row, "min", option->min);
    SetNumber(env, row, "max", option->max);
    SetText(env, row, "words", option->words);
    SetText(env, row, "unit", option->unit);
    SetText(env, row, "scope", ScopeName(hf_option_scope(option->name)));
    napi_set_element(env, table, static_cast<uint32_t>(i), row);
  }
  return table;
}

// fingerprint(text): hex digits that stand for a secret in this process
napi_value Fingerprint(napi_env env, napi_callback_info info) {
  size_t n = 1;
  size_t bytes = 0;
  napi_value argument = nullptr;
  napi_value result = nullptr;
  char out[HF_FINGERPRINT_BYTES] = "";
  char *text;

  napi_get_cb_info(env, info, &n, &argument, nullptr, nullptr);
  if (napi_get_value_string_utf8(env, argument, nullptr, 0, &bytes) !=
      napi_ok) {
    ThrowType(env, "text must be a string");
    return nullptr;
  }
  text = static_cast<char *>(hf_buffer_alloc(bytes + 1));
  if (text == nullptr) {
    ThrowType(env, "out of memory");
    return nullptr;
  }
  napi_get_value_string_utf8(env, argument, text, bytes + 1, &bytes);
  const enum hf_status status = hf_fingerprint(text, bytes, out);
  memset(text, 0, bytes);
  hf_buffer_free(text);
  if (status != HF_OK) {
    ThrowType(env, "the system has no random numbers");
    return nullptr;
  }
  napi_create_string_utf8(env, out, NAPI_AUTO_LENGTH, &result);
  return result;
}

// statuses(): {code, text}[], by enum hf_status
napi_value Statuses(napi_env env, napi_callback_info) {
  napi_value table = nullptr;

  napi_create_array_with_length(env, HF_STATUS_COUNT, &table);
  for (uint32_t i = 0; i < HF_STATUS_COUNT; i++) {
    const enum hf_status status = static_cast<enum hf_status>(i);
    napi_value row = nullptr;

    napi_create_object(env, &row);
    SetText(env, row, "code", hf_status_code(status));
    SetText(env, row, "text", hf_status_text(status));
    napi_set_element(env, table, i, row);
  }
  return table;
}

// statsNames(): string[], in the order of port.stats()
napi_value StatsNames(napi_env env, napi_callback_info) {
  const char *const *names = hf_stats_names();
  const size_t n = Environment::Of(env)->n_stats;
  napi_value table = nullptr;

  napi_create_array_with_length(env, n, &table);
  for (uint32_t i = 0; i < n; i++) {
    napi_value name = nullptr;

    napi_create_string_utf8(env, names[i], NAPI_AUTO_LENGTH, &name);
    napi_set_element(env, table, i, name);
  }
  return table;
}

// statsBounds(): number[], of the buckets port.buckets() counts
napi_value StatsBounds(napi_env env, napi_callback_info) {
  size_t n = 0;
  const double *bounds = hf_stats_bounds(&n);
  napi_value table = nullptr;

  napi_create_array_with_length(env, n, &table);
  for (size_t i = 0; i < n; i++) {
    napi_value bound = nullptr;

    napi_create_double(env, bounds[i], &bound);
    napi_set_element(env, table, static_cast<uint32_t>(i), bound);
  }
  return table;
}

// versions(): {libpq, openssl, environment}
napi_value Versions(napi_env env, napi_callback_info) {
  napi_value versions = nullptr;

  napi_create_object(env, &versions);
  SetInt(env, versions, "libpq", hf_libpq_version());
  SetText(env, versions, "openssl", hf_openssl_version());
  SetInt(env, versions, "environment", hf_libpq_reads_environment() ? 1 : 0);
  return versions;
}

} // namespace

void DefineTables(Napi::Env env, Napi::Object exports) {
  SetFunction(env, exports, "optionTable", OptionTable);
  SetFunction(env, exports, "statuses", Statuses);
  SetFunction(env, exports, "fingerprint", Fingerprint);
  SetFunction(env, exports, "statsNames", StatsNames);
  SetFunction(env, exports, "statsBounds", StatsBounds);
  SetFunction(env, exports, "versions", Versions);
}

} // namespace holdfast
