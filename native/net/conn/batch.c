/* SPDX-License-Identifier: MIT */
#include "net/conn/batch.h"

#include <string.h>

#include "core/base/alloc.h"

enum hf_status hf_batch_know(struct hf_batch *batch, const char *known) {
  batch->known = hf_strndup(known, strlen(known));
  return batch->known == NULL ? HF_NO_MEMORY : HF_OK;
}

void hf_batch_look_up(struct hf_batch *batch, const char *value) {
  size_t n = strlen(value);
  const char *line = batch->known;
  batch->is_known = false;
  while (line != NULL && !batch->is_known) {
    const char *end = strchr(line, '\n');
    size_t bytes = end == NULL ? strlen(line) : (size_t)(end - line);
    batch->is_known = n > 0 && bytes == n && memcmp(line, value, n) == 0;
    line = end == NULL ? NULL : end + 1;
  }
}

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
  hf_free(batch->known);
  hf_free(batch);
}
