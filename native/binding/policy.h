// SPDX-License-Identifier: MIT
//
// The engine's retry policy, for work that is done outside the engine.
#ifndef HF_BINDING_POLICY_H
#define HF_BINDING_POLICY_H

#include "args.h"

namespace holdfast {

// Adds classify(), runNext(), retryPolicy(), retryPolicyWithin(), retryPreset()
// and retryCountCall() to exports.
void DefinePolicy(Napi::Env env, Napi::Object exports);

} // namespace holdfast

#endif
