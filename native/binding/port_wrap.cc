// SPDX-License-Identifier: MIT
#include "port_wrap.h"

#include <cstring>

#include "environment.h"
#include "port_call.h"

namespace holdfast {

namespace {

constexpr size_t kWordsPerOp = HF_OP_WORD_COUNT;

static_assert(sizeof(struct hf_op) == HF_OP_WORD_COUNT * sizeof(int32_t),
              "JavaScript writes an operation as an array of words");

// A UTF-16 unit becomes three bytes of UTF-8 at most. For texts up to this
// many units, room for the worst case is cheaper than counting first.
constexpr size_t kUnitsWithoutCounting = 8192;

// Copies the text for the engine. Returns HF_PARAM_INVALID after it has thrown.
enum hf_status CopyText(napi_env env,
                        napi_value value,
                        char **text,
                        size_t *bytes) {
  size_t units = 0;
  size_t capacity;
  char *copy;

  // Returns the length without looking at the content.
  if (napi_get_value_string_utf16(env, value, nullptr, 0, &units) != napi_ok) {
    ThrowType(env, "text must be a string");
    return HF_PARAM_INVALID;
  }
  capacity = units * 3 + 1;
  if (units > kUnitsWithoutCounting) {
    napi_get_value_string_utf8(env, value, nullptr, 0, &capacity);
    capacity += 1;
  }
  copy = static_cast<char *>(hf_buffer_alloc(capacity));
  if (copy == nullptr) {
    return HF_NO_MEMORY;
  }
  if (napi_get_value_string_utf8(env, value, copy, capacity, bytes) !=
      napi_ok) {
    hf_buffer_free(copy);
    ThrowType(env, "text could not be read");
    return HF_PARAM_INVALID;
  }
  *text = copy;
  return HF_OK;
}

// Throws the reason why there is no port. The default text of HF_SOCKET_ERROR
// is about servers; here a thread could not be started.
void ThrowOpenFailed(napi_env env, enum hf_status status) {
  if (status == HF_SOCKET_ERROR) {
    napi_throw_error(
        env,
        nullptr,
        "the engine's thread could not be made: look at the process limits");
    return;
  }
  napi_throw_error(env, hf_status_code(status), hf_status_text(status));
}

napi_property_descriptor Method(const char *name, napi_callback callback) {
  napi_property_descriptor descriptor = {};

  descriptor.utf8name = name;
  descriptor.method = callback;
  descriptor.attributes = napi_default_method;
  return descriptor;
}

} // namespace

Napi::Value PortWrap::Define(Napi::Env env) {
  return DefineClass(env,
                     "Port",
                     {Method("submit", Submit),
                      Method("write", Write),
                      Method("ref", RefLoop),
                      Method("unref", UnrefLoop),
                      Method("hasRef", HasRef),
                      Method("catchUp", CatchUp),
                      Method("gauges", Gauges),
                      Method("stats", Stats),
                      Method("buckets", Buckets),
                      Method("close", Close)});
}

PortWrap::PortWrap(const Napi::CallbackInfo &info) : ObjectWrap(info) {
  const Mailbox::Listener listener = {OnMail, OnClosing, OnClosed, this};
  const Napi::Env env = info.Env();
  enum hf_status status = HF_OK;
  napi_value resource = nullptr;

  if (!info[0].IsFunction()) {
    ThrowType(env, "deliver must be a function");
    return;
  }
  deliver_ = Napi::Persistent(info[0].As<Napi::Function>());
  if (napi_create_string_utf8(env, "HOLDFAST", NAPI_AUTO_LENGTH, &resource) !=
          napi_ok ||
      napi_async_init(env, info.This(), resource, &context_) != napi_ok) {
    ThrowType(env, "no asynchronous context could be made");
    return;
  }
  mailbox_ = Mailbox::Open(env, listener, &status);
  if (mailbox_ == nullptr) {
    ThrowOpenFailed(env, status);
  }
}

PortWrap::~PortWrap() {
  // JavaScript has no reference on the port any more, and has not closed it.
  if (mailbox_ != nullptr) {
    mailbox_->Abandon();
    delivery_.Drop(Env());
  }
  if (context_ != nullptr) {
    napi_async_destroy(Env(), context_);
  }
}

// port.submit(ops, count, text): the engine's status. Throws before the engine
// is touched. The hot path: one call per tick, two copies.
napi_value PortWrap::Submit(napi_env env, napi_callback_info info) {
  Call call;
  int32_t *words = nullptr;
  size_t n_words = 0;
  int32_t count = 0;
  char *text = nullptr;
  size_t text_bytes = 0;
  enum hf_status status;
  size_t n_ops;
  struct hf_op *ops;

  if (!ReadCall(env, info, &call) ||
      !ReadInts(env,
                call.arguments[0],
                "ops must be an Int32Array",
                &words,
                &n_words) ||
      !ReadInt32(env, call.arguments[1], "count must be an int32", &count)) {
    return nullptr;
  }
  n_ops = static_cast<size_t>(count);
  if (count < 0 || n_ops > n_words / kWordsPerOp) {
    ThrowType(env, "count must fit ops");
    return nullptr;
  }
  status = CopyText(env, call.arguments[2], &text, &text_bytes);
  if (status == HF_PARAM_INVALID) {
    return nullptr;
  }
  if (status != HF_OK) {
    return MakeInt(env, status);
  }
  if (call.port->mailbox_ == nullptr ||
      call.port->mailbox_->port() == nullptr) {
    hf_buffer_free(text);
    return MakeInt(env, HF_POOL_CLOSED);
  }
  if (n_ops == 0) {
    hf_buffer_free(text);
    return MakeInt(env, HF_OK);
  }
  ops = static_cast<struct hf_op *>(hf_buffer_alloc(n_ops * sizeof(*ops)));
  if (ops == nullptr) {
    hf_buffer_free(text);
    return MakeInt(env, HF_NO_MEMORY);
  }
  memcpy(ops, words, n_ops * sizeof(*ops));
  status =
      hf_port_submit(call.port->mailbox_->port(), ops, n_ops, text, text_bytes);
  return MakeInt(env, status);
}

// port.ref()
napi_value PortWrap::RefLoop(napi_env env, napi_callback_info info) {
  Call call;

  if (ReadCall(env, info, &call) && call.port->mailbox_ != nullptr) {
    call.port->mailbox_->Ref();
    call.port->referenced_ = true;
  }
  return nullptr;
}

// port.unref()
napi_value PortWrap::UnrefLoop(napi_env env, napi_callback_info info) {
  Call call;

  if (ReadCall(env, info, &call) && call.port->mailbox_ != nullptr) {
    call.port->mailbox_->Unref();
    call.port->referenced_ = false;
  }
  return nullptr;
}

// port.hasRef(): whether it keeps the process alive. Tools that look for what
// was left open (jest --detectOpenHandles) ask for it by this name.
napi_value PortWrap::HasRef(napi_env env, napi_callback_info info) {
  Call call;
  napi_value answer = nullptr;

  if (!ReadCall(env, info, &call)) {
    return nullptr;
  }
  const bool has = call.port->mailbox_ != nullptr && call.port->referenced_;
  return napi_get_boolean(env, has, &answer) == napi_ok ? answer : nullptr;
}

// port.catchUp(): waits until the engine has begun what was submitted
napi_value PortWrap::CatchUp(napi_env env, napi_callback_info info) {
  Call call;

  if (ReadCall(env, info, &call)) {
    Mailbox *mailbox = call.port->mailbox_;
    if (mailbox != nullptr && mailbox->port() != nullptr) {
      hf_port_catch_up(mailbox->port());
    }
  }
  return nullptr;
}

// port.close()
napi_value PortWrap::Close(napi_env env, napi_callback_info info) {
  Call call;

  if (ReadCall(env, info, &call) && call.port->mailbox_ != nullptr) {
    call.port->mailbox_->Close();
  }
  return nullptr;
}

void PortWrap::OnMail(void *owner) {
  PortWrap *self = static_cast<PortWrap *>(owner);
  Napi::HandleScope scope(self->Env());

  self->Deliver();
}

// Hands one call's worth of what the engine has to JavaScript.
void PortWrap::Deliver() {
  const napi_env env = Env();
  const bool backlog = !delivery_.empty();
  napi_value arguments[Delivery::kArguments] = {};

  // With a backlog no more is taken: the engine counts what was not taken, and
  // stops reading from servers when that is too much.
  if (!backlog) {
    delivery_.Add(hf_port_take(mailbox_->port()));
  }
  if (delivery_.empty()) {
    return; // an earlier turn took what this wake-up was for
  }
  if (delivery_.Fill(env, arguments)) {
    // Before the call, which may close the port. After a backlog one more turn
    // is needed for wake-ups that took nothing.
    delivery_.ReportHeld(env);
    if (backlog || !delivery_.empty()) {
      mailbox_->Reschedule();
    }
    CallDeliver(arguments);
  }
}

void PortWrap::CallDeliver(napi_value *arguments) {
  const napi_env env = Env();
  napi_value error = nullptr;
  bool pending = false;

  // Runs the queues of microtasks and of process.nextTick() after the call.
  if (napi_make_callback(env,
                         context_,
                         Value(),
                         deliver_.Value(),
                         Delivery::kArguments,
                         arguments,
                         nullptr) == napi_ok) {
    return;
  }
  // deliver() is written not to throw. If it does, that is an uncaught
  // exception, and later messages are still delivered. There is no exception
  // when a worker was terminated.
  if (napi_is_exception_pending(env, &pending) == napi_ok && pending &&
      napi_get_and_clear_last_exception(env, &error) == napi_ok) {
    napi_fatal_exception(env, error);
  }
}

// The port is about to be closed: takes and frees the messages it has.
void PortWrap::OnClosing(void *owner) {
  PortWrap *self = static_cast<PortWrap *>(owner);
  Napi::HandleScope scope(self->Env());

  self->delivery_.Add(hf_port_take(self->mailbox_->port()));
  self->delivery_.Drop(self->Env());
}

void PortWrap::OnClosed(void *owner) {
  PortWrap *self = static_cast<PortWrap *>(owner);
  Napi::HandleScope scope(self->Env());

  self->mailbox_ = nullptr;
  self->deliver_.Reset();
  napi_async_destroy(self->Env(), self->context_);
  self->context_ = nullptr;
}

} // namespace holdfast
