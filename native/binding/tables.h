// SPDX-License-Identifier: MIT
//
// The engine's constant tables as JavaScript values.
#ifndef HF_BINDING_TABLES_H
#define HF_BINDING_TABLES_H

#include "args.h"

namespace holdfast {

// Adds optionTable(), statuses(), statsNames() and versions() to exports.
void DefineTables(Napi::Env env, Napi::Object exports);

} // namespace holdfast

#endif
