// SPDX-License-Identifier: MIT
#include "mailbox.h"

#include <new>

extern "C" {

static void hf_mailbox_wake(void *ctx) noexcept {
  static_cast<holdfast::Mailbox *>(ctx)->Wake();
}

static void hf_mailbox_closed(void *ctx) noexcept {
  static_cast<holdfast::Mailbox *>(ctx)->EngineClosed();
}
}

namespace holdfast {

Mailbox::Mailbox(napi_env env, const Listener &listener)
    : env_(env), listener_(listener) {
  async_.data = this;
}

Mailbox *Mailbox::Open(napi_env env,
                       const Listener &listener,
                       enum hf_status *status) {
  Mailbox *mailbox = new (std::nothrow) Mailbox(env, listener);

  *status = HF_NO_MEMORY;
  if (mailbox == nullptr) {
    return nullptr;
  }
  return mailbox->Start(status) ? mailbox : nullptr;
}

// Returns false after a failure; the mailbox then frees itself.
bool Mailbox::Start(enum hf_status *status) {
  uv_loop_t *loop = nullptr;

  if (napi_get_uv_event_loop(env_, &loop) != napi_ok) {
    goto fail_loop;
  }
  // The hook comes first: from here on there is a handle to wait for. It is an
  // asynchronous one because closing takes turns of the loop.
  if (napi_add_async_cleanup_hook(env_, OnTeardown, this, &hook_) != napi_ok) {
    goto fail_loop;
  }
  if (uv_async_init(loop, &async_, OnAsync) != 0) {
    *status = HF_SOCKET_ERROR;
    goto fail_async;
  }
  uv_unref(reinterpret_cast<uv_handle_t *>(&async_));
  *status = hf_port_open(hf_mailbox_wake, this, &port_);
  if (*status != HF_OK) {
    goto fail_port;
  }
  return true;

fail_port:
  listener_ = Listener{};
  CloseHandle();
  return false;
fail_async:
  napi_remove_async_cleanup_hook(hook_);
fail_loop:
  delete this;
  return false;
}

void Mailbox::Close() {
  if (state_ != State::kOpen) {
    return;
  }
  // Once closed, the port and what is in it belong to the engine.
  if (listener_.on_closing != nullptr) {
    listener_.on_closing(listener_.owner);
  }
  state_ = State::kClosing;
  Unref();
  hf_port_close(port_, hf_mailbox_closed, this);
}

void Mailbox::Abandon() {
  listener_ = Listener{};
  Close();
}

void Mailbox::Reschedule() {
  uv_async_send(&async_);
}

void Mailbox::Ref() {
  if (state_ == State::kOpen) {
    uv_ref(reinterpret_cast<uv_handle_t *>(&async_));
  }
}

void Mailbox::Unref() {
  if (state_ != State::kClosed) {
    uv_unref(reinterpret_cast<uv_handle_t *>(&async_));
  }
}

void Mailbox::Wake() noexcept {
  uv_async_send(&async_);
}

// The flag is set and the last wake-up sent under one lock. If the flag were
// visible before uv_async_send() has returned, the loop might close and free
// the handle while it is used here, woken up by an earlier send. If it were set
// after, the loop might miss it and wait for ever.
void Mailbox::EngineClosed() noexcept {
  std::lock_guard<std::mutex> lock(mutex_);

  engine_closed_ = true;
  uv_async_send(&async_);
}

void Mailbox::CloseHandle() {
  state_ = State::kClosed;
  uv_close(reinterpret_cast<uv_handle_t *>(&async_), OnHandleClosed);
}

void Mailbox::OnAsync(uv_async_t *async) {
  Mailbox *self = static_cast<Mailbox *>(async->data);
  bool engine_closed;

  if (self->state_ == State::kOpen) {
    self->listener_.on_mail(self->listener_.owner);
    return;
  }
  {
    std::lock_guard<std::mutex> lock(self->mutex_);
    engine_closed = self->engine_closed_;
  }
  if (engine_closed && self->state_ == State::kClosing) {
    self->CloseHandle();
  }
}

void Mailbox::OnHandleClosed(uv_handle_t *handle) {
  Mailbox *self = static_cast<Mailbox *>(handle->data);
  napi_async_cleanup_hook_handle hook = self->hook_;

  if (self->listener_.on_closed != nullptr) {
    self->listener_.on_closed(self->listener_.owner);
  }
  delete self;
  // Last: this may free an environment that is ending.
  napi_remove_async_cleanup_hook(hook);
}

// The environment ends: the main thread, or a worker in any way. Node runs the
// loop until the hook is removed.
void Mailbox::OnTeardown(napi_async_cleanup_hook_handle, void *arg) {
  Mailbox *self = static_cast<Mailbox *>(arg);

  self->Close();
  // Without an active handle Node would spin, not sleep, while it waits for the
  // engine.
  if (self->state_ == State::kClosing) {
    uv_ref(reinterpret_cast<uv_handle_t *>(&self->async_));
  }
}

} // namespace holdfast
