// SPDX-License-Identifier: MIT
//
// The addon: translates between JavaScript and the engine, and holds no policy,
// no default and no timer.
#include <new>

#include "args.h"
#include "environment.h"
#include "fate.h"
#include "holdfast.h"
#include "policy.h"
#include "port_wrap.h"
#include "tables.h"

static Napi::Object Init(Napi::Env env, Napi::Object exports) {
  holdfast::Environment *own = new (std::nothrow) holdfast::Environment{0};

  if (own == nullptr) {
    napi_throw_error(env,
                     hf_status_code(HF_NO_MEMORY),
                     hf_status_text(HF_NO_MEMORY));
    return exports;
  }
  while (hf_stats_names()[own->n_stats] != nullptr) {
    own->n_stats += 1;
  }
  env.SetInstanceData(own);
  holdfast::DefineTables(env, exports);
  holdfast::DefinePolicy(env, exports);
  holdfast::DefineFate(env, exports);
  napi_set_named_property(env,
                          exports,
                          "Port",
                          holdfast::PortWrap::Define(env));
  return exports;
}

NODE_API_MODULE(holdfast, Init)
