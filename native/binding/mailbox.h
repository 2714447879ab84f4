// SPDX-License-Identifier: MIT
//
// One environment's side of a port: how the engine wakes up the environment's
// event loop, and the order in which both are closed.
//
//          Close(), or the environment ends
//   OPEN ───────────────────────────────────▶ CLOSING: the engine still wakes
//                                                │ the engine said `closed`
//                                                ▼
//   freed ◀───── libuv has closed the handle ── CLOSED
//
// Ownership: a mailbox frees itself when its handle is closed.
// Threads: everything belongs to the environment's thread, except Wake() and
// EngineClosed(), which the engine calls.
#ifndef HF_BINDING_MAILBOX_H
#define HF_BINDING_MAILBOX_H

#include <mutex>

#include <uv.h>

#include "args.h"
#include "holdfast.h"

namespace holdfast {

class Mailbox {
public:
  // Called on the environment's thread, without a handle scope.
  struct Listener {
    void (*on_mail)(void *owner);    // the port may have messages
    void (*on_closing)(void *owner); // the last time to take some; once
    void (*on_closed)(void *owner);  // the last call; once
    void *owner;
  };

  // Opens a port for this environment. Returns nullptr and sets `status` when
  // that failed; the listener was not called then and never will be.
  static Mailbox *Open(napi_env env,
                       const Listener &listener,
                       enum hf_status *status);

  Mailbox(const Mailbox &) = delete;
  Mailbox &operator=(const Mailbox &) = delete;

  // Begins closing; may be called again.
  void Close();

  // Forgets the listener, and closes.
  void Abandon();

  // Has on_mail called once more, in a later turn of the loop.
  void Reschedule();

  // Whether an open port keeps the event loop alive. It does not at first.
  void Ref();
  void Unref();

  // Returns the port, or nullptr when it was closed.
  struct hf_port *port() const {
    return state_ == State::kOpen ? port_ : nullptr;
  }

  // Called by the engine, on its threads.
  void Wake() noexcept;
  void EngineClosed() noexcept;

private:
  enum class State {
    kOpen,
    kClosing, // hf_port_close() was called
    kClosed   // the handle is being closed, and is not woken up any more
  };

  Mailbox(napi_env env, const Listener &listener);
  ~Mailbox() = default;

  bool Start(enum hf_status *status);
  void CloseHandle();

  static void OnTeardown(napi_async_cleanup_hook_handle hook, void *arg);
  static void OnAsync(uv_async_t *async);
  static void OnHandleClosed(uv_handle_t *handle);

  const napi_env env_;
  Listener listener_;
  State state_ = State::kOpen;
  uv_async_t async_;
  struct hf_port *port_ = nullptr;
  napi_async_cleanup_hook_handle hook_ = nullptr;

  std::mutex mutex_; // for the next line
  bool engine_closed_ = false;
};

} // namespace holdfast

#endif
