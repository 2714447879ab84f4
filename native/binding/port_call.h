// SPDX-License-Identifier: MIT
//
// A call of one of Port's methods: `this` and the arguments.
//
// Ownership: the port is JavaScript's, and alive during the call.
// Threads: the environment's thread only.
#ifndef HF_BINDING_PORT_CALL_H
#define HF_BINDING_PORT_CALL_H

#include "port_wrap.h"

namespace holdfast {

constexpr size_t kMaxArguments = 4;

struct Call {
  napi_value arguments[kMaxArguments];
  PortWrap *port;
};

// Reads `this` and the arguments; missing ones are undefined.
inline bool ReadCall(napi_env env, napi_callback_info info, Call *call) {
  size_t n = kMaxArguments;
  napi_value self = nullptr;
  void *object = nullptr;

  if (napi_get_cb_info(env, info, &n, call->arguments, &self, nullptr) !=
          napi_ok ||
      napi_unwrap(env, self, &object) != napi_ok) {
    ThrowType(env, "this is not a Port");
    return false;
  }
  call->port = static_cast<PortWrap *>(object);
  return true;
}

} // namespace holdfast

#endif
