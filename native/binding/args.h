// SPDX-License-Identifier: MIT
//
// Reading arguments and making small objects, on plain Node-API.
//
// A reader that returns false has thrown a TypeError. A writer fails only when
// JavaScript cannot run any more (worker.terminate()), and then the object is
// not used. node-addon-api's own setters would abort the process in that case.
#ifndef HF_BINDING_ARGS_H
#define HF_BINDING_ARGS_H

// A worker can be terminated inside any call: an exception that cannot be
// thrown then is no reason to end the process. Must precede napi.h.
#ifndef NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS
#define NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS
#endif

#include <cstddef>
#include <cstdint>
#include <string>

#include <napi.h>

namespace holdfast {

// Throws TypeError, unless an exception is pending already.
void ThrowType(napi_env env, const char *message);

// Each reads one argument; throws `message` and returns false if it is of
// another type. The pointers are borrowed from the typed array for the call.
bool ReadInt32(napi_env env,
               napi_value value,
               const char *message,
               int32_t *out);
bool ReadNumber(napi_env env,
                napi_value value,
                const char *message,
                double *out);
bool ReadInts(napi_env env,
              napi_value value,
              const char *message,
              int32_t **data,
              size_t *length);
bool ReadNumbers(napi_env env,
                 napi_value value,
                 const char *message,
                 double **data,
                 size_t *length);

// Copies a string as UTF-8; lone surrogates become U+FFFD.
bool ReadText(napi_env env,
              napi_value value,
              const char *message,
              std::string *out);

bool IsUndefined(napi_env env, napi_value value);

napi_value Undefined(napi_env env);
napi_value MakeInt(napi_env env, int32_t value);

void SetInt(napi_env env, napi_value object, const char *key, int32_t value);
void SetNumber(napi_env env, napi_value object, const char *key, double value);
void SetBool(napi_env env, napi_value object, const char *key, bool value);
// NULL becomes undefined.
void SetText(napi_env env,
             napi_value object,
             const char *key,
             const char *value);
void SetFunction(napi_env env,
                 napi_value object,
                 const char *key,
                 napi_callback function);

} // namespace holdfast

#endif
