/* SPDX-License-Identifier: MIT */
#include "net/conn/unit.h"

#include <string.h>

#include "core/base/alloc.h"
#include "net/conn/batch.h"
#include "net/wire/message.h"

/* Without a reader there is no answer that could hold a row description. */
static void release_columns(struct hf_unit *unit,
                            const struct hf_message *message) {
  if (unit->columns != NULL && message->ints[HF_INT_KIND] == HF_MSG_RESULT) {
    hf_row_descriptions_release(unit->columns,
                                message->ints[HF_RESULT_ROW_DESCRIPTION]);
  }
}

struct hf_message *hf_unit_take_answer(struct hf_unit *unit) {
  struct hf_message *first = unit->first;
  const struct hf_message *message;
  for (message = first; message != NULL; message = message->next) {
    release_columns(unit, message);
  }
  unit->first = NULL;
  unit->last = NULL;
  return first;
}

/* A stream's row description is held between its portions. */
static void reset_stream(struct hf_unit *unit) {
  struct hf_unit_stream *stream = &unit->stream;
  if (unit->columns != NULL) {
    hf_row_descriptions_release(unit->columns, stream->row_description);
  }
  stream->row_description = 0;
  stream->room = HF_STREAM_AHEAD;
  stream->begun = false;
  stream->held = false;
  stream->dropped = false;
  stream->savepoint = false;
}

static void reset_copy(struct hf_unit *unit) {
  struct hf_unit_copy *copy = &unit->copy;
  hf_free(copy->bytes);
  copy->bytes = NULL;
  copy->n = 0;
  copy->capacity = 0;
  copy->prefix = 0;
  copy->open = false;
  copy->refused = false;
  if (copy->direction == HF_SQL_COPY_OUT) {
    unit->stream.room = HF_COPY_AHEAD;
  }
  unit->request.copy_done = false;
}

void hf_unit_drop_copy_data(struct hf_unit *unit) {
  struct hf_unit_copy *copy = &unit->copy;
  while (copy->first != NULL) {
    struct hf_copy_data *next = copy->first->next;
    hf_free(copy->first);
    copy->first = next;
  }
  copy->last = NULL;
}

void hf_unit_orphan(struct hf_unit *unit) {
  hf_unit_drop_copy_data(unit);
  hf_message_free_all(hf_unit_take_answer(unit));
  if (unit->columns != NULL) {
    hf_row_descriptions_release(unit->columns, unit->stream.row_description);
    unit->stream.row_description = 0;
  }
  unit->columns = NULL;
}

void hf_unit_reset(struct hf_unit *unit) {
  hf_message_free_all(hf_unit_take_answer(unit));
  reset_stream(unit);
  reset_copy(unit);
  unit->step = 0;
  unit->n_steps = 0;
  unit->failed_at = 0;
  unit->item = 0;
  unit->failed_item = -1;
  unit->chunked = false;
  unit->mode_chosen = false;
  unit->encoding = false;
  unit->has_extra_steps = false;
  unit->incomplete = false;
  unit->has_settings_rows = false;
  unit->uses_name = false;
  unit->guard = HF_WRITE_GUARD_NONE;
  unit->received_from = 0;
}

void hf_unit_init_replacement(struct hf_unit *unit,
                              const struct hf_unit *other) {
  hf_request_init_replacement(&unit->request, other->request.kind);
  unit->statement = other->statement;
  unit->statement->references++;
  memcpy(unit->steps, other->steps, sizeof unit->steps);
  unit->n_steps = other->n_steps;
  unit->step = other->step;
  unit->simple = other->simple;
  unit->has_extra_steps = other->has_extra_steps;
  unit->uses_name = other->uses_name;
  unit->max_result_bytes = other->max_result_bytes;
}

struct hf_statement *hf_unit_statement(const struct hf_unit *unit) {
  return unit->item == 0 ? unit->statement
                         : unit->batch->items[unit->item - 1].statement;
}

bool hf_unit_is_at_last(const struct hf_unit *unit) {
  return unit->batch == NULL || unit->item == unit->batch->n;
}

void hf_unit_advance(struct hf_unit *unit) {
  if (unit->step >= unit->n_steps) {
    return;
  }
  if (unit->steps[unit->step] != HF_STEP_EXECUTE || hf_unit_is_at_last(unit)) {
    unit->step++;
    return;
  }
  unit->item++;
  unit->step--; /* to its PARSE */
  unit->mode_chosen = false;
  unit->chunked = false;
  unit->received_from = 0;
}

void hf_unit_finish(struct hf_unit *unit) {
  hf_free(unit->probe);
  hf_free(unit->settings);
  hf_batch_free(unit->batch);
  hf_unit_reset(unit);
  hf_unit_drop_copy_data(unit);
  hf_statement_release(unit->statement);
  hf_request_finish(&unit->request);
  hf_values_finish(&unit->values);
}

void hf_unit_append(struct hf_unit *unit, struct hf_message *message) {
  if (unit->last == NULL) {
    unit->first = message;
  } else {
    unit->last->next = message;
  }
  while (message->next != NULL) {
    message = message->next;
  }
  unit->last = message;
}
