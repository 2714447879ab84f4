// SPDX-License-Identifier: MIT
//
// Turns the engine's messages into what JavaScript reads: one Int32Array, one
// Float64Array and one array of strings for many messages together.
//
// Ownership: takes ownership of messages. The typed arrays are kept for the
// next call.
// Threads: the environment's thread only.
#ifndef HF_BINDING_DELIVER_H
#define HF_BINDING_DELIVER_H

#include "args.h"
#include "holdfast.h"

namespace holdfast {

// A typed array that is kept for many calls and grows as needed.
class SharedArray {
public:
  SharedArray(napi_typedarray_type type, size_t element_bytes)
      : type_(type), element_bytes_(element_bytes) {
  }

  // Makes room for n elements. Returns false if JavaScript cannot run.
  bool Reserve(napi_env env, size_t n);
  void Release(napi_env env);

  napi_value Value(napi_env env) const;
  void *data() const {
    return data_;
  }

private:
  size_t Wanted(size_t n);
  bool Replace(napi_env env, size_t capacity);

  const napi_typedarray_type type_;
  const size_t element_bytes_;
  napi_ref reference_ = nullptr;
  void *data_ = nullptr;
  size_t capacity_ = 0;
  unsigned idle_calls_ = 0; // in a row that used a fraction of it
  size_t idle_peak_ = 0;    // and the most that these used
};

class Delivery {
public:
  // In the order of deliver()'s parameters.
  static constexpr size_t kArguments = 4;

  Delivery();
  Delivery(const Delivery &) = delete;
  Delivery &operator=(const Delivery &) = delete;

  // Appends a list of messages.
  void Add(struct hf_message *messages);
  bool empty() const {
    return head_ == nullptr;
  }

  // Moves the oldest messages, as many as one call should carry, into the
  // arguments of deliver(). Returns false if that failed because the
  // environment ends; some messages are lost then.
  bool Fill(napi_env env, napi_value arguments[kArguments]);

  // Reports to V8 how much memory is held here for a later turn.
  void ReportHeld(napi_env env);

  // Frees the messages not delivered, and the arrays.
  void Drop(napi_env env);

private:
  struct Totals {
    size_t messages, ints, nums, chunks;
  };

  Totals Measure() const;
  bool Move(napi_env env, size_t messages, napi_value strings);

  struct hf_message *head_ = nullptr;
  struct hf_message *tail_ = nullptr;
  int64_t held_bytes_ = 0;
  int64_t reported_bytes_ = 0;
  SharedArray ints_;
  SharedArray nums_;
};

} // namespace holdfast

#endif
