// SPDX-License-Identifier: MIT
#include "args.h"

namespace holdfast {

namespace {

// Returns the elements of a typed array of that type, or throws.
bool ReadArray(napi_env env,
               napi_value value,
               napi_typedarray_type wanted,
               const char *message,
               void **data,
               size_t *length) {
  napi_typedarray_type type = napi_int8_array;
  // The call itself refuses what is no typed array.
  napi_status status = napi_get_typedarray_info(env,
                                                value,
                                                &type,
                                                length,
                                                data,
                                                nullptr,
                                                nullptr);

  if (status != napi_ok || type != wanted) {
    ThrowType(env, message);
    return false;
  }
  return true;
}

} // namespace

void ThrowType(napi_env env, const char *message) {
  bool pending = false;

  if (napi_is_exception_pending(env, &pending) == napi_ok && !pending) {
    napi_throw_type_error(env, nullptr, message);
  }
}

bool ReadInt32(napi_env env,
               napi_value value,
               const char *message,
               int32_t *out) {
  double number;

  // Not napi_get_value_int32: it would make 0 of Infinity and wrap 2^31.
  if (!ReadNumber(env, value, message, &number)) {
    return false;
  }
  if (!(number >= INT32_MIN && number <= INT32_MAX)) {
    ThrowType(env, message);
    return false;
  }
  *out = static_cast<int32_t>(number);
  return true;
}

bool ReadNumber(napi_env env,
                napi_value value,
                const char *message,
                double *out) {
  if (napi_get_value_double(env, value, out) != napi_ok) {
    ThrowType(env, message);
    return false;
  }
  return true;
}

bool ReadInts(napi_env env,
              napi_value value,
              const char *message,
              int32_t **data,
              size_t *length) {
  void *elements = nullptr;

  if (!ReadArray(env, value, napi_int32_array, message, &elements, length)) {
    return false;
  }
  *data = static_cast<int32_t *>(elements);
  return true;
}

bool ReadNumbers(napi_env env,
                 napi_value value,
                 const char *message,
                 double **data,
                 size_t *length) {
  void *elements = nullptr;

  if (!ReadArray(env, value, napi_float64_array, message, &elements, length)) {
    return false;
  }
  *data = static_cast<double *>(elements);
  return true;
}

bool ReadText(napi_env env,
              napi_value value,
              const char *message,
              std::string *out) {
  size_t bytes = 0;

  if (napi_get_value_string_utf8(env, value, nullptr, 0, &bytes) != napi_ok) {
    ThrowType(env, message);
    return false;
  }
  // Node-API ends what it writes with a NUL of its own.
  out->resize(bytes + 1);
  if (napi_get_value_string_utf8(env, value, &(*out)[0], bytes + 1, &bytes) !=
      napi_ok) {
    ThrowType(env, message);
    return false;
  }
  out->resize(bytes);
  return true;
}

bool IsUndefined(napi_env env, napi_value value) {
  napi_valuetype type = napi_null;

  return napi_typeof(env, value, &type) == napi_ok && type == napi_undefined;
}

napi_value Undefined(napi_env env) {
  napi_value value = nullptr;

  napi_get_undefined(env, &value);
  return value;
}

napi_value MakeInt(napi_env env, int32_t value) {
  napi_value number = nullptr;

  napi_create_int32(env, value, &number);
  return number;
}

void SetInt(napi_env env, napi_value object, const char *key, int32_t value) {
  napi_set_named_property(env, object, key, MakeInt(env, value));
}

void SetNumber(napi_env env, napi_value object, const char *key, double value) {
  napi_value number = nullptr;

  napi_create_double(env, value, &number);
  napi_set_named_property(env, object, key, number);
}

void SetBool(napi_env env, napi_value object, const char *key, bool value) {
  napi_value boolean = nullptr;

  napi_get_boolean(env, value, &boolean);
  napi_set_named_property(env, object, key, boolean);
}

void SetText(napi_env env,
             napi_value object,
             const char *key,
             const char *value) {
  napi_value text = nullptr;

  if (value == nullptr) {
    text = Undefined(env);
  } else {
    napi_create_string_utf8(env, value, NAPI_AUTO_LENGTH, &text);
  }
  napi_set_named_property(env, object, key, text);
}

void SetFunction(napi_env env,
                 napi_value object,
                 const char *key,
                 napi_callback function) {
  napi_value callable = nullptr;

  napi_create_function(env,
                       key,
                       NAPI_AUTO_LENGTH,
                       function,
                       nullptr,
                       &callable);
  napi_set_named_property(env, object, key, callable);
}

} // namespace holdfast
