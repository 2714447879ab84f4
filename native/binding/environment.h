// SPDX-License-Identifier: MIT
//
// What the addon keeps for one environment (the main thread or a worker).
// There are no globals: the addon is loaded once per process, but initialised
// once for each environment.
#ifndef HF_BINDING_ENVIRONMENT_H
#define HF_BINDING_ENVIRONMENT_H

#include "args.h"

namespace holdfast {

struct Environment {
  size_t n_stats; // how many names hf_stats_names() has

  static Environment *Of(napi_env env) {
    return Napi::Env(env).GetInstanceData<Environment>();
  }
};

} // namespace holdfast

#endif
