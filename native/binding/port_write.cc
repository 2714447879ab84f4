// SPDX-License-Identifier: MIT
//
// Bytes on their way to the engine: the data of COPY.
#include <cstring>

#include "port_call.h"
#include "port_wrap.h"

namespace holdfast {

namespace {

// The bytes of an element of an array.
bool ReadView(napi_env env,
              napi_value array,
              uint32_t i,
              void **data,
              size_t *bytes) {
  napi_value view = nullptr;

  return napi_get_element(env, array, i, &view) == napi_ok &&
         napi_get_buffer_info(env, view, data, bytes) == napi_ok;
}

// Adds up the bytes of an array of views. Returns false after it has thrown.
bool MeasureViews(napi_env env, napi_value array, size_t *bytes) {
  uint32_t n = 0;

  *bytes = 0;
  if (napi_get_array_length(env, array, &n) != napi_ok) {
    ThrowType(env, "chunks must be an array");
    return false;
  }
  for (uint32_t i = 0; i < n; i++) {
    void *data = nullptr;
    size_t some = 0;

    if (!ReadView(env, array, i, &data, &some) ||
        some > static_cast<size_t>(INT32_MAX) - *bytes) {
      ThrowType(env, "chunks must be views of 2 GB at most");
      return false;
    }
    *bytes += some;
  }
  return true;
}

// Copies what MeasureViews has measured, with nothing of JavaScript in between.
void CopyViews(napi_env env, napi_value array, char *to) {
  uint32_t n = 0;

  napi_get_array_length(env, array, &n);
  for (uint32_t i = 0; i < n; i++) {
    void *data = nullptr;
    size_t some = 0;

    if (ReadView(env, array, i, &data, &some) && some > 0) {
      memcpy(to, data, some);
      to += some;
    }
  }
}

} // namespace

// port.write(low, high, flags, chunks): the engine's status. Bytes for a
// request of the port, an array of views; they are copied.
napi_value PortWrap::Write(napi_env env, napi_callback_info info) {
  Call call;
  struct hf_op op = {};
  size_t bytes = 0;
  char *data = nullptr;
  struct hf_op *ops;

  op.kind = HF_OP_WRITE;
  if (!ReadCall(env, info, &call) ||
      !ReadInt32(env, call.arguments[0], "low must be an int32", &op.id_low) ||
      !ReadInt32(env,
                 call.arguments[1],
                 "high must be an int32",
                 &op.id_high) ||
      !ReadInt32(env, call.arguments[2], "flags must be an int32", &op.flags) ||
      !MeasureViews(env, call.arguments[3], &bytes)) {
    return nullptr;
  }
  if (call.port->mailbox_ == nullptr ||
      call.port->mailbox_->port() == nullptr) {
    return MakeInt(env, HF_POOL_CLOSED);
  }
  op.portion = static_cast<int32_t>(bytes);
  data = static_cast<char *>(hf_buffer_alloc(bytes));
  ops = static_cast<struct hf_op *>(hf_buffer_alloc(sizeof(op)));
  if (data == nullptr || ops == nullptr) {
    hf_buffer_free(data);
    hf_buffer_free(ops);
    return MakeInt(env, HF_NO_MEMORY);
  }
  *ops = op;
  CopyViews(env, call.arguments[3], data);
  return MakeInt(
      env,
      hf_port_submit(call.port->mailbox_->port(), ops, 1, data, bytes));
}

} // namespace holdfast
