/* SPDX-License-Identifier: MIT */
/*
 * Names of statuses. hf_status_code(), hf_status_text() and hf_outcome_name()
 * of holdfast.h are in status.c, too.
 *
 * Ownership: all texts are static.
 * Threads: any.
 */
#ifndef HF_CORE_BASE_STATUS_H
#define HF_CORE_BASE_STATUS_H

#include "holdfast.h"

/* Returns the enumerator's own name ("HF_DEADLINE"), for logs and asserts. */
const char *hf_status_name(enum hf_status status);

#endif
