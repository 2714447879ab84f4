/* SPDX-License-Identifier: MIT */
/*
 * Reads the error of a result.
 *
 * Ownership: the error copies what it takes.
 * Threads: any.
 */
#ifndef HF_NET_CONN_RESULT_ERROR_H
#define HF_NET_CONN_RESULT_ERROR_H

#include <libpq-fe.h>

#include "core/base/error.h"

/*
 * Copies the fields of a result's error to `error`. `position` replaces the
 * server's unless it is NULL.
 */
void hf_result_error_read(const PGresult *result,
                          enum hf_phase phase,
                          const char *position,
                          struct hf_error *error);

#endif
