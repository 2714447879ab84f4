/* SPDX-License-Identifier: MIT */
/* Reading the engine's messages: see support_port.h. */
#define _GNU_SOURCE

#include <stdio.h>
#include <string.h>

#include "support_port_internal.h"

/* Copies `units` of a chunk, from `at` on; truncates what is not Latin-1. */
static void copy_units(const struct hf_message *message,
                       uint32_t chunk_index,
                       uint32_t at,
                       uint32_t units,
                       char *out,
                       size_t out_bytes) {
  const struct hf_chunk *chunk = &message->chunks[chunk_index];
  const unsigned char *bytes =
      (const unsigned char *)message->bytes + chunk->offset;
  uint32_t i;
  support_must(at + units <= chunk->length, "a text within its chunk");
  for (i = 0; i < units && i + 1 < out_bytes; i++) {
    out[i] = (char)(chunk->wide ? bytes[(size_t)(at + i) * 2] : bytes[at + i]);
  }
  out[i] = '\0';
}

static void read_cell(const struct hf_message *message,
                      const struct support_port *port,
                      struct support_answer *answer) {
  const int32_t *data = message->ints + HF_RESULT_INTS;
  uint32_t chunk = message->ints[HF_RESULT_COMMAND] == HF_COMMAND_OTHER ? 1 : 0;
  int words;
  answer->cell[0] = '\0';
  answer->columns = port->columns[message->ints[HF_RESULT_ROW_DESCRIPTION] %
                                  ROW_DESCRIPTIONS_MAX];
  if (answer->rows == 0 || answer->columns == 0) {
    return;
  }
  words = (answer->columns + 31) / 32;
  if ((data[0] & 1) != 0) {
    (void)strcpy(answer->cell, "NULL");
    return;
  }
  copy_units(message,
             chunk,
             0,
             (uint32_t)data[words],
             answer->cell,
             sizeof answer->cell);
}

static void read_result(struct support_port *port,
                        const struct hf_message *message,
                        struct support_answer *answer) {
  const int32_t *ints = message->ints;
  answer->results++;
  answer->rows = ints[HF_RESULT_ROWS];
  answer->attempts = ints[HF_RESULT_ATTEMPTS];
  answer->connection = ints[HF_RESULT_CONNECTION];
  answer->affected = ints[HF_RESULT_AFFECTED_LOW];
  answer->command[0] = '\0';
  if (ints[HF_RESULT_COMMAND] == HF_COMMAND_OTHER) {
    copy_units(message,
               0,
               0,
               message->chunks[0].length,
               answer->command,
               sizeof answer->command);
  }
  read_cell(message, port, answer);
}

static void read_fields(const struct hf_message *message,
                        struct support_answer *answer) {
  uint32_t at = 0;
  while (message->n_chunks > 0 && at < message->chunks[0].length) {
    const struct hf_chunk *chunk = &message->chunks[0];
    char text[SUPPORT_TEXT_BYTES];
    char letter[2];
    uint32_t end = at + 1;
    const char *bytes = message->bytes + chunk->offset;
    while (end < chunk->length &&
           bytes[chunk->wide ? (size_t)end * 2 : end] != '\0') {
      end++;
    }
    copy_units(message, 0, at, 1, letter, sizeof letter);
    copy_units(message, 0, at + 1, end - at - 1, text, sizeof text);
    if (letter[0] == 'C') {
      (void)snprintf(answer->sqlstate, sizeof answer->sqlstate, "%.5s", text);
    } else if (letter[0] == 'M') {
      (void)snprintf(answer->message, sizeof answer->message, "%s", text);
    }
    at = end + 1;
  }
}

static void read_error(const struct hf_message *message,
                       struct support_answer *answer) {
  const int32_t *ints = message->ints;
  answer->status = (enum hf_status)ints[HF_ERROR_STATUS];
  answer->outcome = (enum hf_outcome)ints[HF_ERROR_OUTCOME];
  answer->retryable = ints[HF_ERROR_RETRYABLE] != 0;
  answer->unit = (enum hf_error_unit)ints[HF_ERROR_UNIT];
  answer->phase = (enum hf_phase)ints[HF_ERROR_PHASE];
  answer->attempts = ints[HF_ERROR_ATTEMPTS];
  answer->elapsed_ms = ints[HF_ERROR_ELAPSED_MS];
  answer->cause = (enum hf_status)ints[HF_ERROR_CAUSE_STATUS];
  read_fields(message, answer);
}

/* Options arrive as name NUL value NUL. */
static void read_options(const struct hf_message *message,
                         struct support_answer *answer) {
  size_t i;
  size_t n = message->n_chunks == 0 ? 0 : message->chunks[0].length;
  size_t last = sizeof answer->options - 1;
  if (n == 0) {
    return;
  }
  copy_units(message, 0, 0, (uint32_t)n, answer->options, last);
  for (i = 0; i < n && i < last - 1; i++) {
    answer->options[i] = answer->options[i] == '\0' ? ';' : answer->options[i];
  }
}

static bool read_beside(struct support_port *port,
                        const struct hf_message *message) {
  const int32_t *ints = message->ints;
  switch ((enum hf_msg_kind)ints[HF_INT_KIND]) {
  case HF_MSG_ROW_DESCRIPTION:
    support_must(ints[HF_ROW_DESCRIPTION_ID] < ROW_DESCRIPTIONS_MAX,
                 "few row_descriptions");
    port->columns[ints[HF_ROW_DESCRIPTION_ID]] =
        ints[HF_ROW_DESCRIPTION_COLUMNS];
    return true;
  case HF_MSG_EVENT:
    port->events[ints[HF_EVENT_KIND]]++;
    if (message->n_chunks > 0) {
      struct support_answer fields = {0};
      read_fields(message, &fields);
      (void)strcpy(port->event_text, fields.message);
    }
    return true;
  case HF_MSG_ASK:
    support_must(port->n_questions < QUESTIONS_MAX, "few questions");
    port->questions[port->n_questions] = ints[HF_INT_ID_LOW];
    port->question_pools[port->n_questions++] = ints[HF_ASK_POOL];
    return true;
  case HF_MSG_RESULT:
  case HF_MSG_ERROR:
  case HF_MSG_HEALTH:
  case HF_MSG_LEASE:
  case HF_MSG_OK:
  case HF_MSG_OPENED:
  case HF_MSG_COPY:
    break;
  }
  return false;
}

void support_read_message(struct support_port *port,
                          const struct hf_message *message) {
  const int32_t *ints = message->ints;
  struct call *call;
  support_must(message->n_ints == (uint32_t)ints[HF_INT_LENGTH] &&
                   message->n_chunks == (uint32_t)ints[HF_INT_CHUNKS] &&
                   message->n_nums == (uint32_t)ints[HF_INT_NUMS],
               "a message's counts");
  if (read_beside(port, message)) {
    return;
  }
  support_must(ints[HF_INT_ID_LOW] > 0 &&
                   ints[HF_INT_ID_LOW] <= port->last_id &&
                   ints[HF_INT_ID_HIGH] == 0,
               "an id of ours");
  call = &port->calls[ints[HF_INT_ID_LOW]];
  support_must(!call->settled, "only one answer");
  call->answer.kind = (enum hf_msg_kind)ints[HF_INT_KIND];
  call->settled = true;
  switch (call->answer.kind) {
  case HF_MSG_RESULT:
    read_result(port, message, &call->answer);
    call->settled = (ints[HF_RESULT_FLAGS] & HF_RESULT_MORE) == 0;
    break;
  case HF_MSG_ERROR:
    read_error(message, &call->answer);
    break;
  case HF_MSG_HEALTH:
    read_error(message, &call->answer);
    call->answer.value = ints[HF_HEALTH_STATUS];
    break;
  case HF_MSG_LEASE:
    call->answer.lease = ints[HF_LEASE_NUMBER];
    call->answer.connection = ints[HF_LEASE_CONNECTION];
    call->answer.pid = ints[HF_LEASE_PID];
    call->answer.pooled = ints[HF_LEASE_POOLED];
    break;
  case HF_MSG_OK:
    call->answer.value = ints[HF_OK_STATUS];
    break;
  case HF_MSG_OPENED:
    call->answer.value = ints[HF_OPENED_EXISTING];
    read_options(message, &call->answer);
    break;
  case HF_MSG_COPY:
    call->answer.taken += ints[HF_COPY_TAKEN];
    call->answer.copied +=
        message->n_chunks > 0 ? (int)message->chunks[0].length : 0;
    call->settled = false;
    break;
  case HF_MSG_ROW_DESCRIPTION:
  case HF_MSG_EVENT:
  case HF_MSG_ASK:
    break;
  }
  port->unanswered -= call->settled ? 1 : 0;
}
