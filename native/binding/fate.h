// SPDX-License-Identifier: MIT
//
// Finds out, step by step, what became of a COMMIT whose answer was lost.
#ifndef HF_BINDING_FATE_H
#define HF_BINDING_FATE_H

#include "args.h"

namespace holdfast {

void DefineFate(Napi::Env env, Napi::Object exports);

} // namespace holdfast

#endif
