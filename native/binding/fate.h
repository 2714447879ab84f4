// SPDX-License-Identifier: MIT
//
// What became of a COMMIT whose answer was lost, asked step by step.
#ifndef HF_BINDING_FATE_H
#define HF_BINDING_FATE_H

#include "args.h"

namespace holdfast {

void DefineFate(Napi::Env env, Napi::Object exports);

} // namespace holdfast

#endif
