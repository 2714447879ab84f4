// SPDX-License-Identifier: MIT
#include "deliver.h"

#include <cstring>

namespace holdfast {

namespace {

constexpr size_t kInitialElements = 4096;

// A larger array shrinks after so many calls in a row that used little of it.
// Calls are counted, not time: there are no timers here.
constexpr size_t kKeepBytes = 1024 * 1024;
constexpr unsigned kIdleCalls = 64;

// What one call of deliver() should carry at most, so that a burst of results
// leaves the event loop its turns.
constexpr int64_t kBytesPerCall = 8 * 1024 * 1024;
constexpr size_t kMessagesPerCall = 4096;

// Handles of strings are freed in groups: a scope for each string costs more
// than it frees, none at all would keep every string of a large result alive
// until the end of the call, whatever JavaScript does with them.
constexpr uint32_t kStringsPerScope = 256;

int64_t MessageBytes(const struct hf_message *message) {
  return static_cast<int64_t>(message->n_bytes +
                              message->n_ints * sizeof(int32_t) +
                              message->n_nums * sizeof(double));
}

// Returns nullptr if the string, or buffer, cannot be made.
napi_value MakeString(napi_env env,
                      const char *bytes,
                      const struct hf_chunk &chunk) {
  const char *begin = bytes + chunk.offset;
  napi_value text = nullptr;

  if (chunk.raw) {
    napi_create_buffer_copy(env, chunk.length, begin, nullptr, &text);
  } else if (chunk.wide) {
    // The engine puts wide chunks at even offsets of aligned memory.
    const void *units = begin;
    napi_create_string_utf16(env,
                             static_cast<const char16_t *>(units),
                             chunk.length,
                             &text);
  } else {
    napi_create_string_latin1(env, begin, chunk.length, &text);
  }
  return text;
}

// Appends strings to an array of JavaScript.
class StringWriter {
public:
  StringWriter(napi_env env, napi_value array) : env_(env), array_(array) {
  }
  ~StringWriter() {
    CloseScope();
  }
  StringWriter(const StringWriter &) = delete;
  StringWriter &operator=(const StringWriter &) = delete;

  bool Put(const char *bytes, const struct hf_chunk &chunk) {
    if (next_ % kStringsPerScope == 0) {
      CloseScope();
      napi_open_handle_scope(env_, &scope_);
    }
    napi_value text = MakeString(env_, bytes, chunk);

    // Too long for a string, or out of memory: lib/engine/inbox.js fails the
    // call of this message. Other messages are not affected.
    if (text == nullptr) {
      ClearException();
      napi_get_null(env_, &text);
    }
    return text != nullptr &&
           napi_set_element(env_, array_, next_++, text) == napi_ok;
  }

private:
  void ClearException() {
    bool pending = false;
    napi_value error = nullptr;

    if (napi_is_exception_pending(env_, &pending) == napi_ok && pending) {
      napi_get_and_clear_last_exception(env_, &error);
    }
  }
  void CloseScope() {
    if (scope_ != nullptr) {
      napi_close_handle_scope(env_, scope_);
      scope_ = nullptr;
    }
  }

  const napi_env env_;
  const napi_value array_;
  napi_handle_scope scope_ = nullptr;
  uint32_t next_ = 0;
};

} // namespace

// ---- SharedArray ------------------------------------------------------------

// Returns the capacity to have for a call that needs n elements.
size_t SharedArray::Wanted(size_t n) {
  size_t wanted = capacity_ == 0 ? kInitialElements : capacity_;

  if (n > capacity_ || capacity_ * element_bytes_ <= kKeepBytes ||
      n > capacity_ / 4) {
    idle_calls_ = 0;
    idle_peak_ = 0;
    while (wanted < n) {
      wanted *= 2;
    }
    return wanted;
  }
  idle_calls_ += 1;
  idle_peak_ = n > idle_peak_ ? n : idle_peak_;
  if (idle_calls_ < kIdleCalls) {
    return wanted;
  }
  for (wanted = kInitialElements; wanted < idle_peak_;) {
    wanted *= 2;
  }
  idle_calls_ = 0;
  idle_peak_ = 0;
  return wanted;
}

bool SharedArray::Reserve(napi_env env, size_t n) {
  size_t wanted = Wanted(n);

  return wanted == capacity_ || Replace(env, wanted);
}

bool SharedArray::Replace(napi_env env, size_t capacity) {
  napi_value buffer = nullptr;
  napi_value array = nullptr;
  napi_ref reference = nullptr;
  void *data = nullptr;

  if (napi_create_arraybuffer(env, capacity * element_bytes_, &data, &buffer) !=
          napi_ok ||
      napi_create_typedarray(env, type_, capacity, buffer, 0, &array) !=
          napi_ok ||
      napi_create_reference(env, array, 1, &reference) != napi_ok) {
    return false;
  }
  Release(env);
  reference_ = reference;
  data_ = data;
  capacity_ = capacity;
  return true;
}

void SharedArray::Release(napi_env env) {
  if (reference_ != nullptr) {
    napi_delete_reference(env, reference_);
  }
  reference_ = nullptr;
  data_ = nullptr;
  capacity_ = 0;
}

napi_value SharedArray::Value(napi_env env) const {
  napi_value value = nullptr;

  napi_get_reference_value(env, reference_, &value);
  return value;
}

// ---- Delivery ---------------------------------------------------------------

Delivery::Delivery()
    : ints_(napi_int32_array, sizeof(int32_t)),
      nums_(napi_float64_array, sizeof(double)) {
}

void Delivery::Add(struct hf_message *messages) {
  if (head_ == nullptr) {
    head_ = messages;
  } else {
    tail_->next = messages;
  }
  for (; messages != nullptr; messages = messages->next) {
    held_bytes_ += MessageBytes(messages);
    tail_ = messages;
  }
}

// Counts the oldest messages, up to the bounds, but at least one.
Delivery::Totals Delivery::Measure() const {
  Totals totals = {0, 0, 0, 0};
  int64_t bytes = 0;

  for (const struct hf_message *message = head_;
       message != nullptr && totals.messages < kMessagesPerCall;
       message = message->next) {
    bytes += MessageBytes(message);
    if (totals.messages > 0 && bytes > kBytesPerCall) {
      break;
    }
    totals.messages += 1;
    totals.ints += message->n_ints;
    totals.nums += message->n_nums;
    totals.chunks += message->n_chunks;
  }
  return totals;
}

bool Delivery::Fill(napi_env env, napi_value arguments[kArguments]) {
  const Totals totals = Measure();

  if (!ints_.Reserve(env, totals.ints) || !nums_.Reserve(env, totals.nums) ||
      napi_create_array_with_length(env, totals.chunks, &arguments[2]) !=
          napi_ok ||
      !Move(env, totals.messages, arguments[2])) {
    return false;
  }
  arguments[0] = ints_.Value(env);
  arguments[1] = nums_.Value(env);
  arguments[3] = MakeInt(env, static_cast<int32_t>(totals.messages));
  return true;
}

// Moves the first messages to the arrays and frees them.
bool Delivery::Move(napi_env env, size_t messages, napi_value strings) {
  int32_t *ints = static_cast<int32_t *>(ints_.data());
  double *nums = static_cast<double *>(nums_.data());
  StringWriter writer(env, strings);
  bool alive = true;

  for (; messages > 0; messages--) {
    struct hf_message *message = head_;

    if (message->n_ints > 0) {
      memcpy(ints, message->ints, message->n_ints * sizeof(int32_t));
      ints += message->n_ints;
    }
    if (message->n_nums > 0) {
      memcpy(nums, message->nums, message->n_nums * sizeof(double));
      nums += message->n_nums;
    }
    for (uint32_t i = 0; i < message->n_chunks && alive; i++) {
      alive = writer.Put(message->bytes, message->chunks[i]);
    }
    head_ = message->next;
    held_bytes_ -= MessageBytes(message);
    hf_message_free(message);
  }
  return alive;
}

void Delivery::ReportHeld(napi_env env) {
  int64_t total = 0;

  if (held_bytes_ != reported_bytes_) {
    napi_adjust_external_memory(env, held_bytes_ - reported_bytes_, &total);
    reported_bytes_ = held_bytes_;
  }
}

void Delivery::Drop(napi_env env) {
  while (head_ != nullptr) {
    struct hf_message *message = head_;

    head_ = message->next;
    hf_message_free(message);
  }
  held_bytes_ = 0;
  ReportHeld(env);
  ints_.Release(env);
  nums_.Release(env);
}

} // namespace holdfast
