/* SPDX-License-Identifier: MIT */
/*
 * A call: a request of the core with what the world needs for it, the values
 * to send and the messages that answer it.
 *
 * Ownership: made from an operation, freed when the core gave the request
 * back and the user was answered. A call that acquired a lease lives until the
 * lease is released: the lease is part of it.
 * Threads: the engine's thread only.
 */
#ifndef HF_NET_ENGINE_CALL_H
#define HF_NET_ENGINE_CALL_H

#include <stdbool.h>
#include <stdint.h>

#include "core/pool/lease.h"
#include "core/pool/request.h"
#include "holdfast.h"
#include "net/conn/statement.h"
#include "net/wire/values.h"

struct hf_query_cache_call;
struct hf_handle;

/* One command of a unit, in the order their answers come. */
enum hf_step {
  HF_STEP_PRELUDE,  /* settings that hold for the unit; rows are dropped */
  HF_STEP_PREPARE,  /* Parse under a name */
  HF_STEP_PARSE,    /* Parse of the user's statement without one */
  HF_STEP_EXECUTE,  /* the user's statement */
  HF_STEP_POSTLUDE, /* settings after BEGIN; rows are dropped */
  HF_STEPS_MAX = 8
};

/* How a statement that must not write is kept from it. */
enum hf_wrap {
  HF_WRAP_NONE,
  HF_WRAP_SETTING,  /* a setting for the unit's own transaction */
  HF_WRAP_BEGIN,    /* BEGIN READ ONLY .. COMMIT */
  HF_WRAP_SAVEPOINT /* within a transaction that goes on writing */
};

struct hf_call {
  struct hf_request request; /* first: the core hands out its address */

  /* set when it is made */
  struct hf_handle *handle; /* NULL once its port is closed */
  struct hf_statement *statement;
  struct hf_statement *instead; /* ROLLBACK, where it may go in COMMIT's place;
                                   else NULL */
  bool named; /* the caller gave a name: prepared at first use */
  int32_t decode;
  size_t bytes; /* of sql and values, for statistics */
  uint64_t max_result_bytes;
  struct hf_values values;
  struct hf_lease lease;              /* of HF_REQUEST_ACQUIRE */
  int32_t lease_number;               /* once granted */
  struct hf_query_cache_call *cached; /* owned; NULL = the cache is not asked */

  /* of the attempt that runs */
  enum hf_step steps[HF_STEPS_MAX];
  uint8_t n_steps, step;
  uint8_t failed_at;      /* the step of the first error */
  bool simple;            /* by the simple protocol, alone */
  bool piecewise;         /* rows are read in pieces */
  bool mode_set;          /* and that was decided */
  bool encoding;          /* the encoder holds rows of this result */
  bool uses_name;         /* the statement goes by its name */
  bool company;           /* the unit is more than the statement alone */
  enum hf_wrap wrap;      /* what keeps it from writing */
  bool woven;             /* results of our own are among the user's */
  uint64_t received_from; /* the socket's count when this answer began */

  /* the answer */
  struct hf_message *first, *last;
};

static inline struct hf_call *hf_call_of(struct hf_request *request) {
  return (struct hf_call *)(void *)request;
}

/*
 * Makes a call from an operation whose fields begin at `fields`. NULL when out
 * of memory.
 */
struct hf_call *hf_call_new(const struct hf_op *op,
                            const char *const *fields,
                            struct hf_handle *handle,
                            uint64_t now_us);

/*
 * Makes the statement the end of its lease's transaction, with COMMIT for
 * `within_ms` at most, 0 = no limit. HF_NO_MEMORY; HF_PARAM_INVALID when it is
 * neither COMMIT nor ROLLBACK.
 */
HF_NODISCARD enum hf_status hf_call_end_transaction(struct hf_call *call,
                                                    int32_t within_ms);

/* Has the statement that the core decided for stand in for the one given. */
void hf_call_choose_statement(struct hf_call *call);

/* Frees a call that the core does not have. */
void hf_call_free(struct hf_call *call);

/* Throws away what an attempt produced, before it goes again. */
void hf_call_rewind(struct hf_call *call);

/* Nobody waits for the answer any more: its handle, or its port, is closed. */
void hf_call_orphan(struct hf_call *call);

/*
 * Makes a call that nobody waits for, to read the answer of one that was sent
 * and goes elsewhere. NULL when out of memory.
 */
struct hf_call *hf_call_stand_in(const struct hf_call *call);

/* Adds a message to the answer. */
void hf_call_add(struct hf_call *call, struct hf_message *block);

/*
 * Sees to it that the port knows the columns of what the answer has so far. An
 * answer for which there is no memory becomes an error.
 */
void hf_call_renew_shapes(struct hf_call *call);

/* Sends the answer: the messages of a success, or the error. */
void hf_call_answer(struct hf_call *call);

/* Returns 64 bits of request id. */
static inline uint64_t hf_call_id(uint32_t low, uint32_t high) {
  return (uint64_t)high << 32 | low;
}

#endif
