// SPDX-License-Identifier: MIT
// The methods of Port that return a pool's gauges and statistics.
#include <cstring>

#include "port_call.h"

namespace holdfast {

static_assert(sizeof(struct hf_gauges) == HF_GAUGE_WORDS * sizeof(int32_t),
              "JavaScript reads gauges as an array of words");

// port.gauges(pool): Int32Array by enum hf_gauge, or undefined for an unknown
// pool
napi_value PortWrap::Gauges(napi_env env, napi_callback_info info) {
  Call call;
  int32_t pool = 0;
  struct hf_gauges gauges = {};
  void *data = nullptr;
  napi_value buffer = nullptr;
  napi_value array = nullptr;

  if (!ReadCall(env, info, &call) ||
      !ReadInt32(env, call.arguments[0], "pool must be an int32", &pool)) {
    return nullptr;
  }
  Mailbox *mailbox = call.port->mailbox_;
  if (mailbox == nullptr || mailbox->port() == nullptr ||
      !hf_port_gauges(mailbox->port(), pool, &gauges)) {
    return Undefined(env);
  }
  if (napi_create_arraybuffer(env, sizeof(gauges), &data, &buffer) != napi_ok) {
    return nullptr;
  }
  memcpy(data, &gauges, sizeof(gauges));
  napi_create_typedarray(env,
                         napi_int32_array,
                         HF_GAUGE_WORDS,
                         buffer,
                         0,
                         &array);
  return array;
}

using StatsReader = size_t (*)(struct hf_port *port,
                               int32_t pool,
                               double *out,
                               size_t n);

// Returns a pool's numbers as a Float64Array, or undefined.
static napi_value Numbers(napi_env env,
                          const Call &call,
                          Mailbox *mailbox,
                          StatsReader read,
                          size_t n) {
  int32_t pool = 0;
  void *data = nullptr;
  napi_value buffer = nullptr;
  napi_value array = nullptr;

  if (!ReadInt32(env, call.arguments[0], "pool must be an int32", &pool)) {
    return nullptr;
  }
  if (mailbox == nullptr || mailbox->port() == nullptr) {
    return Undefined(env);
  }
  if (napi_create_arraybuffer(env, n * sizeof(double), &data, &buffer) !=
      napi_ok) {
    return nullptr;
  }
  if (read(mailbox->port(), pool, static_cast<double *>(data), n) == 0) {
    return Undefined(env);
  }
  napi_create_typedarray(env, napi_float64_array, n, buffer, 0, &array);
  return array;
}

// port.stats(pool): Float64Array in the order of statsNames(), then the
// SQLSTATEs as hf_port_stats() has them; or undefined
napi_value PortWrap::Stats(napi_env env, napi_callback_info info) {
  Call call;

  if (!ReadCall(env, info, &call)) {
    return nullptr;
  }
  return Numbers(env,
                 call,
                 call.port->mailbox_,
                 hf_port_stats,
                 hf_stats_value_count());
}

// port.buckets(pool): Float64Array, for each histogram its cumulative buckets
napi_value PortWrap::Buckets(napi_env env, napi_callback_info info) {
  Call call;

  if (!ReadCall(env, info, &call)) {
    return nullptr;
  }
  return Numbers(env,
                 call,
                 call.port->mailbox_,
                 hf_port_buckets,
                 hf_stats_bucket_count());
}

} // namespace holdfast
