/* SPDX-License-Identifier: MIT */
/*
 * What a connection knows of a call: the statement it sends with its values,
 * how far the answer has come, and the messages that hold it.
 *
 * Ownership: part of a call. It holds a reference on its statement and owns its
 *            messages until they are taken.
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

/* One command of a unit, in the order their answers come. */
enum hf_step {
  HF_STEP_BEFORE,  /* settings that hold for the unit; rows are dropped */
  HF_STEP_PREPARE, /* Parse under a name */
  HF_STEP_PARSE,   /* Parse of the user's statement without one */
  HF_STEP_EXECUTE, /* the user's statement */
  HF_STEP_AFTER,   /* settings after BEGIN; rows are dropped */
  HF_STEPS_MAX = 8
};

/* How a statement that must not write is kept from it. */
enum hf_write_guard {
  HF_WRITE_GUARD_NONE,
  HF_WRITE_GUARD_SETTING,  /* a setting for the unit's own transaction */
  HF_WRITE_GUARD_BEGIN,    /* BEGIN READ ONLY .. COMMIT */
  HF_WRITE_GUARD_SAVEPOINT /* within a transaction that goes on writing */
};

struct hf_health_probe;

struct hf_unit {
  struct hf_request request; /* first: the core hands out its address */

  /* set when it is made */
  struct hf_statement *statement;
  bool named; /* the caller gave a name: prepared at first use */
  int32_t decode;
  size_t bytes; /* of sql and values, for statistics */
  uint64_t max_result_bytes;
  struct hf_values values;
  struct hf_row_descriptions *columns; /* of whoever reads the answer; NULL =
                                          nobody does */
  struct hf_health_probe *probe;       /* owned; NULL = it is no health probe */

  /* of the attempt that runs */
  enum hf_step steps[HF_STEPS_MAX];
  uint8_t n_steps, step;
  uint8_t failed_at;         /* the step of the first error */
  bool simple;               /* by the simple protocol, alone */
  bool chunked;              /* rows are read in pieces */
  bool mode_chosen;          /* and that was decided */
  bool encoding;             /* the encoder holds rows of this result */
  bool uses_name;            /* the statement goes by its name */
  bool has_extra_steps;      /* the unit is more than the statement alone */
  enum hf_write_guard guard; /* what keeps it from writing */
  bool has_settings_rows;    /* results of our own are among the user's */
  uint64_t received_from;    /* the socket's count when this answer began */

  /* the answer */
  struct hf_message *first, *last;
};

static inline struct hf_unit *hf_unit_of(struct hf_request *request) {
  return (struct hf_unit *)(void *)request;
}

/* Throws away what an attempt produced, before it goes again. */
void hf_unit_reset(struct hf_unit *unit);

/* Nobody reads the answer any more. */
void hf_unit_orphan(struct hf_unit *unit);

/* Makes `unit`, which is zeroed, read the answer of `other`, for nobody. */
void hf_unit_init_replacement(struct hf_unit *unit,
                              const struct hf_unit *other);

/* Frees what it has. */
void hf_unit_finish(struct hf_unit *unit);

/* Adds messages to the answer; takes ownership. */
void hf_unit_append(struct hf_unit *unit, struct hf_message *message);

/* Returns the answer, the caller's from now on. */
struct hf_message *hf_unit_take_answer(struct hf_unit *unit);

#endif
