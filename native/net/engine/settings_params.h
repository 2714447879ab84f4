/* SPDX-License-Identifier: MIT */
/*
 * The settings of an operation with HF_FLAG_SETTINGS.
 *
 * Ownership: borrows the operation's fields. Threads: any.
 */
#ifndef HF_NET_ENGINE_SETTINGS_PARAMS_H
#define HF_NET_ENGINE_SETTINGS_PARAMS_H

#include <stdbool.h>
#include <stdint.h>

#include "holdfast.h"

struct hf_settings_params {
  const char *const *pairs; /* name, value, ... */
  int32_t n;                /* pairs */
  bool own;                 /* given with the statement */
};

/*
 * Reads the settings that begin at field `at`, none without HF_FLAG_SETTINGS.
 * Returns the place of the field behind them, -1 when they are malformed.
 */
int32_t hf_settings_params_read(const struct hf_op *op,
                                const char *const *fields,
                                int32_t at,
                                struct hf_settings_params *params);

#endif
