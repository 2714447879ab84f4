/* SPDX-License-Identifier: MIT */
/*
 * A unit: everything that is sent before one Sync for one call, and the answer
 * to it, message by message.
 *
 * Ownership: part of a call. It holds a reference on its statement and owns the
 *            messages of its answer until they are taken.
 * Threads: the engine's thread only.
 */
#ifndef HF_NET_CONN_UNIT_H
#define HF_NET_CONN_UNIT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/pool/request.h"
#include "holdfast.h"
#include "net/conn/statement.h"
#include "net/wire/row_description.h"
#include "net/wire/values.h"

/* A command of a unit; answers come in the same order. */
enum hf_step {
  HF_STEP_BEFORE,  /* our own, before the statement; its rows are dropped */
  HF_STEP_SHOW,    /* the same, but its row is read: see call_settings.h */
  HF_STEP_PREPARE, /* Parse under a name */
  HF_STEP_PARSE,   /* Parse of the user's statement without one */
  HF_STEP_EXECUTE, /* the user's statement */
  HF_STEP_AFTER,   /* our own, after the statement; its rows are dropped */
  HF_STEPS_MAX = 12
};

/* How a statement is kept from writing. */
enum hf_write_guard {
  HF_WRITE_GUARD_NONE,
  HF_WRITE_GUARD_SETTING,  /* transaction_read_only for its own transaction */
  HF_WRITE_GUARD_BEGIN,    /* BEGIN READ ONLY .. COMMIT */
  HF_WRITE_GUARD_SAVEPOINT /* inside a transaction that may write */
};

struct hf_batch;
struct hf_call_settings;
struct hf_health_probe;

/* What a unit whose rows are handed over in portions has besides. */
struct hf_unit_stream {
  /* set when it is made */
  bool on;
  int32_t portion; /* rows of a portion, at most */

  /* of the current attempt */
  int32_t room;            /* portions that the reader takes now */
  bool begun;              /* rows were handed over */
  bool held;               /* not read: there is no room */
  bool dropped;            /* the rest is read and dropped */
  bool savepoint;          /* one is around the statement */
  int32_t row_description; /* held, or 0 */
};

/* Data for the server, on the list of a unit. */
struct hf_copy_data {
  struct hf_copy_data *next;
  size_t bytes, sent;
  char data[];
};

/*
 * What a COPY has besides. It uses `room`, `begun`, `held`, `dropped` and
 * `savepoint` of hf_unit_stream.
 */
struct hf_unit_copy {
  /* set when it is made */
  enum hf_sql_copy direction; /* HF_SQL_COPY_NOT: it is none */

  /* COPY FROM: what was not sent yet. Owned */
  struct hf_copy_data *first, *last;
  bool ended; /* nothing follows it */

  /* of the current attempt */
  bool open;          /* the server takes data, or sends it */
  bool refused;       /* its error came with its beginning */
  int32_t prefix;     /* characters in front of the text */
  char *bytes;        /* owned: COPY TO, the portion that is being filled */
  size_t n, capacity; /* of it */
};

struct hf_unit {
  struct hf_request request; /* first: the core hands out its address */

  /* set when it is made */
  struct hf_statement *statement;
  bool named; /* the caller gave a name: prepare it at first use */
  int32_t decode;
  size_t bytes; /* of sql and values, for statistics */
  uint64_t max_result_bytes;
  struct hf_values values;
  struct hf_batch *batch;              /* owned; NULL = one statement */
  struct hf_call_settings *settings;   /* owned; NULL = none */
  struct hf_row_descriptions *columns; /* of the reader's port; NULL =
                                          nobody reads the answer */
  struct hf_health_probe *probe;       /* owned; NULL = no health probe */

  struct hf_unit_stream stream;
  struct hf_unit_copy copy;

  /* of the current attempt */
  enum hf_step steps[HF_STEPS_MAX];
  uint8_t n_steps, step;
  uint8_t failed_at;         /* the step of the first error */
  int32_t item;              /* statement of a batch whose answer comes next */
  int32_t failed_item;       /* the one of the first error; -1 = none */
  bool simple;               /* sent by the simple protocol */
  bool chunked;              /* rows are read in chunks */
  bool mode_chosen;          /* whether they are was decided */
  bool encoding;             /* the encoder holds rows of this result */
  bool uses_name;            /* the statement is sent by its name */
  bool has_extra_steps;      /* it is not only the statement */
  enum hf_write_guard guard; /* what keeps it from writing */
  bool incomplete;           /* a read has ended in the middle of its answer, or
                                before it */
  bool has_settings_rows;    /* rows of our settings are among the user's */
  uint64_t
      received_from; /* bytes the socket had received when the answer began */

  /* the answer */
  struct hf_message *first, *last;
};

static inline struct hf_unit *hf_unit_of(struct hf_request *request) {
  return (struct hf_unit *)(void *)request;
}

/* Drops what an attempt has produced, before the next one. */
void hf_unit_reset(struct hf_unit *unit);

/* Returns whether the unit is a COPY whose data are ours to send or take. */
static inline bool hf_unit_copies(const struct hf_unit *unit) {
  return unit->copy.direction != HF_SQL_COPY_NOT;
}

/* Returns whether somebody reads the answer. */
static inline bool hf_unit_is_read(const struct hf_unit *unit) {
  return unit->columns != NULL && !unit->request.settled &&
         !unit->stream.dropped;
}

/* Drops data that were not sent. */
void hf_unit_drop_copy_data(struct hf_unit *unit);

/* Drops the answer, and all that is still to come of it. */
void hf_unit_orphan(struct hf_unit *unit);

/* Makes `unit`, which is zeroed, read and drop the answer to `other`. */
void hf_unit_init_replacement(struct hf_unit *unit,
                              const struct hf_unit *other);

/* Returns the statement whose answer comes next. */
struct hf_statement *hf_unit_statement(const struct hf_unit *unit);

/* Returns whether that is the last one. */
bool hf_unit_is_at_last(const struct hf_unit *unit);

/*
 * The answer to a step is complete: goes on to the next step, or to the next
 * statement of a batch, for which PARSE and EXECUTE are repeated.
 */
void hf_unit_advance(struct hf_unit *unit);

/* Frees what it has. */
void hf_unit_finish(struct hf_unit *unit);

/* Appends a list of messages to the answer; takes ownership. */
void hf_unit_append(struct hf_unit *unit, struct hf_message *message);

/* Returns the answer so far; the caller owns it. */
struct hf_message *hf_unit_take_answer(struct hf_unit *unit);

#endif
