/* SPDX-License-Identifier: MIT */
/*
 * The statements of an operation with HF_FLAG_BATCH.
 *
 * Ownership: borrows the operation's fields. Threads: the engine's thread only.
 */
#ifndef HF_NET_ENGINE_BATCH_PARAMS_H
#define HF_NET_ENGINE_BATCH_PARAMS_H

#include <stdbool.h>
#include <stdint.h>

#include "holdfast.h"

struct hf_batch;
struct hf_sql_info;
struct hf_statements;

/*
 * Checks the fields from `at` on. Returns false when they are not as the flag
 * says; writes where the values of the first statement are, and how many.
 */
bool hf_batch_params_read(const struct hf_op *op,
                          const char *const *fields,
                          int32_t at,
                          int32_t *first_value,
                          int32_t *n_values);

/*
 * Makes the batch of fields that were checked; adds to `sql`, which describes
 * the first statement, what the others do. NULL when out of memory.
 */
struct hf_batch *hf_batch_params_take(struct hf_statements *statements,
                                      const char *const *fields,
                                      int32_t at,
                                      struct hf_sql_info *sql);

/*
 * Why the statements cannot be a batch, or NULL. `first` describes the first;
 * writes the place of the one that cannot.
 */
const char *hf_batch_params_refusal(const struct hf_batch *batch,
                                    const struct hf_sql_info *first,
                                    int32_t *place);

#endif
