/* SPDX-License-Identifier: MIT */
#include "net/conn/batch.h"

#include "core/base/alloc.h"

void hf_batch_free(struct hf_batch *batch) {
  int32_t i;
  if (batch == NULL) {
    return;
  }
  for (i = 0; i < batch->n; i++) {
    hf_statement_release(batch->items[i].statement);
    hf_values_finish(&batch->items[i].values);
    hf_free((void *)batch->items[i].values.texts);
  }
  hf_free(batch->begin);
  hf_free(batch);
}
