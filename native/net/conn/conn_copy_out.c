/* SPDX-License-Identifier: MIT */
#include "net/conn/conn_copy_out.h"

#include <string.h>

#include "core/base/alloc.h"
#include "net/conn/conn_result.h"
#include "net/wire/message.h"

enum {
  FIRST_CAPACITY = 1 << 14,
  /* Of those that follow: with the row that fills it. */
  CAPACITY = HF_COPY_BYTES + HF_COPY_BYTES / 8
};

static bool copies_out(const struct hf_unit *unit) {
  return unit != NULL && unit->copy.direction == HF_SQL_COPY_OUT;
}

bool hf_conn_copy_waits(struct hf_conn *conn) {
  struct hf_unit *unit = hf_conn_head(conn);
  bool waits;
  if (!copies_out(unit)) {
    return false;
  }
  waits = unit->copy.open && unit->stream.room == 0 && hf_unit_is_read(unit);
  hf_conn_set_held(conn, unit, waits);
  return waits;
}

/* ---- portions ------------------------------------------------------------ */

static bool reserve(struct hf_unit *unit, size_t n) {
  struct hf_unit_copy *copy = &unit->copy;
  size_t first = unit->stream.begun ? CAPACITY : FIRST_CAPACITY;
  size_t capacity = copy->capacity == 0 ? first : copy->capacity;
  char *bytes;
  while (capacity < copy->n + n) {
    capacity *= 2;
  }
  if (capacity == copy->capacity) {
    return true;
  }
  bytes = hf_realloc(copy->bytes, capacity);
  if (bytes == NULL) {
    return false;
  }
  copy->bytes = bytes;
  copy->capacity = capacity;
  return true;
}

static struct hf_message *make_message(struct hf_unit *unit) {
  struct hf_unit_copy *copy = &unit->copy;
  struct hf_message *message =
      hf_message_alloc_around(HF_COPY_INTS, 0, 1, copy->bytes, copy->n);
  if (message == NULL) {
    return NULL;
  }
  message->ints[HF_INT_KIND] = HF_MSG_COPY;
  message->ints[HF_INT_LENGTH] = HF_COPY_INTS;
  message->ints[HF_INT_ID_LOW] = (int32_t)unit->request.id_low;
  message->ints[HF_INT_ID_HIGH] = (int32_t)unit->request.id_high;
  message->ints[HF_INT_CHUNKS] = 1;
  message->chunks[0].offset = 0;
  message->chunks[0].length = (uint32_t)copy->n;
  message->chunks[0].wide = false;
  message->chunks[0].raw = true;
  copy->bytes = NULL;
  copy->n = 0;
  copy->capacity = 0;
  return message;
}

/* Hands over the data so far. */
static void send_portion(struct hf_conn *conn, struct hf_unit *unit) {
  struct hf_message *message;
  bool first = !unit->stream.begun;
  hf_stats_add(conn->shared->stats, HF_STAT_BYTES_IN, unit->copy.n);
  message = make_message(unit);
  if (message == NULL) {
    hf_conn_result_give_up(conn, unit, HF_NO_MEMORY);
    return;
  }
  unit->stream.room--;
  unit->stream.begun = true;
  conn->shared->callbacks->copied(unit, message, 0, first);
}

static bool has_data(const struct hf_conn *conn, const struct hf_unit *unit) {
  return copies_out(unit) && unit->copy.n > 0 && hf_unit_is_read(unit) &&
         !conn->failing;
}

/* Adds one message of the server's, a row in the formats of text. */
static void add_row(struct hf_conn *conn,
                    struct hf_unit *unit,
                    const char *row,
                    size_t n) {
  struct hf_unit_copy *copy = &unit->copy;
  if (!hf_unit_is_read(unit)) {
    return;
  }
  if (!reserve(unit, n)) {
    hf_conn_result_give_up(conn, unit, HF_NO_MEMORY);
    return;
  }
  memcpy(copy->bytes + copy->n, row, n);
  copy->n += n;
  if (copy->n >= HF_COPY_BYTES) {
    send_portion(conn, unit);
  }
}

bool hf_conn_copy_take(struct hf_conn *conn, struct hf_unit *unit) {
  char *row = NULL;
  int n;
  if (unit->copy.direction != HF_SQL_COPY_OUT) {
    (void)PQisBusy(conn->pg); /* handles notices */
    return false;
  }
  do {
    n = PQgetCopyData(conn->pg, &row, 1);
    if (n > 0) {
      add_row(conn, unit, row, (size_t)n);
      PQfreemem(row);
    }
  } while (n > 0 && !conn->failing && !hf_conn_copy_waits(conn));
  if (n < 0) {
    /* The end, or an error: either is the next result. */
    unit->copy.open = false;
    if (has_data(conn, unit)) {
      send_portion(conn, unit);
    }
  }
  return n != 0;
}

void hf_conn_copy_pass_on(struct hf_conn *conn) {
  struct hf_unit *unit = hf_conn_head(conn);
  if (has_data(conn, unit) && unit->stream.room == HF_COPY_AHEAD &&
      hf_conn_portion_is_due(conn, unit)) {
    send_portion(conn, unit);
  }
}

void hf_conn_copy_more(struct hf_conn *conn, struct hf_unit *unit) {
  if (copies_out(unit) && unit->stream.room < HF_COPY_AHEAD) {
    unit->stream.room++;
    if (unit == hf_conn_head(conn)) {
      hf_conn_copy_pass_on(conn);
    }
  }
}

void hf_conn_copy_skip(struct hf_conn *conn) {
  struct hf_unit *unit = hf_conn_head(conn);
  if (copies_out(unit)) {
    unit->stream.dropped = true;
  }
}
