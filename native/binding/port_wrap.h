// SPDX-License-Identifier: MIT
//
// The class Port of the addon, which connects an environment with the engine.
//
// Ownership: JavaScript's. An open port that is collected is closed; `deliver`
// is held until then, so it must not hold the port.
// Threads: the environment's thread only.
#ifndef HF_BINDING_PORT_WRAP_H
#define HF_BINDING_PORT_WRAP_H

#include "args.h"
#include "deliver.h"
#include "mailbox.h"

namespace holdfast {

class PortWrap : public Napi::ObjectWrap<PortWrap> {
public:
  // Returns the constructor.
  static Napi::Value Define(Napi::Env env);

  // new Port(deliver)
  explicit PortWrap(const Napi::CallbackInfo &info);
  ~PortWrap() override;

private:
  // Plain Node-API: node-addon-api's wrapper of a method takes longer than
  // the rest of submit(). Node checks that `this` is a Port (the methods carry
  // the class's signature) before any of these is called.
  static napi_value Write(napi_env env, napi_callback_info info);
  static napi_value Submit(napi_env env, napi_callback_info info);
  static napi_value RefLoop(napi_env env, napi_callback_info info);
  static napi_value UnrefLoop(napi_env env, napi_callback_info info);
  static napi_value HasRef(napi_env env, napi_callback_info info);
  static napi_value CatchUp(napi_env env, napi_callback_info info);
  static napi_value Gauges(napi_env env, napi_callback_info info);
  static napi_value Stats(napi_env env, napi_callback_info info);
  static napi_value Buckets(napi_env env, napi_callback_info info);
  static napi_value Close(napi_env env, napi_callback_info info);

  static void OnMail(void *owner);
  static void OnClosing(void *owner);
  static void OnClosed(void *owner);
  void Deliver();
  void CallDeliver(napi_value *arguments);

  Mailbox *mailbox_ = nullptr; // until the engine has closed the port
  Delivery delivery_;
  Napi::FunctionReference deliver_;
  napi_async_context context_ = nullptr;
  bool referenced_ = false;
};

} // namespace holdfast

#endif
