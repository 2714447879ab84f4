// SPDX-License-Identifier: MIT
//
// The engine's judgement for work done outside it: helpers of JavaScript ask
// the same functions that rule the engine's own repeating.
#ifndef HF_BINDING_POLICY_H
#define HF_BINDING_POLICY_H

#include "args.h"

namespace holdfast {

// Adds classify(), runNext(), retryPolicy(), retryPolicyWithin(), retryPreset()
// and retryCountCall() to exports.
void DefinePolicy(Napi::Env env, Napi::Object exports);

} // namespace holdfast

#endif
