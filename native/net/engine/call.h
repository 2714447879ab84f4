/* SPDX-License-Identifier: MIT */
/*
 * A call: a unit, its handle, and the lease it acquires.
 *
 * Ownership: the engine's. Freed once the core has delivered its request, or,
 * with a lease, once the core has released that.
 *
 * Threads: the engine's thread only.
 */
#ifndef HF_NET_ENGINE_CALL_H
#define HF_NET_ENGINE_CALL_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/hash_table.h"
#include "core/pool/lease.h"
#include "holdfast.h"
#include "net/conn/unit.h"

struct hf_handle;
struct hf_listen;
struct hf_netpool;
struct hf_once_call;
struct hf_query_cache_call;

struct hf_call {
  struct hf_unit unit; /* first: the core has the address of its request */

  /* set when it is made */
  struct hf_handle *handle; /* NULL once its port is closed */
  struct hf_statement
      *rollback;         /* ROLLBACK, which may replace a COMMIT; or NULL */
  struct hf_lease lease; /* of HF_REQUEST_ACQUIRE */
  int32_t lease_number;  /* once granted */
  struct hf_query_cache_call *cached; /* owned; NULL = not cached */
  struct hf_once_call *once;          /* that it is part of, or NULL */
  struct hf_listen *listen; /* of a listener's call, whose `handle` is NULL */

  /* changed by call_table.c */
  struct hf_table_node by_id, by_lease;
  bool found_by_id, found_by_lease;
};

static inline struct hf_call *hf_call_of(struct hf_request *request) {
  return (struct hf_call *)(void *)request;
}

/* Returns whether the fields of an operation are as its flags say. */
bool hf_call_is_well_formed(const struct hf_op *op, const char *const *fields);

/*
 * Makes a call from an operation and its fields, which are well-formed. NULL
 * when out of memory.
 */
struct hf_call *hf_call_new(const struct hf_op *op,
                            const char *const *fields,
                            struct hf_handle *handle,
                            uint64_t now_us);

/*
 * Makes the statement the one that ends its lease's transaction. A COMMIT may
 * take `within_ms`, 0 = no limit. Returns HF_OK, HF_NO_MEMORY, or
 * HF_PARAM_INVALID when it is neither COMMIT nor ROLLBACK.
 */
HF_NODISCARD enum hf_status hf_call_end_transaction(struct hf_call *call,
                                                    int32_t within_ms);

/* Replaces COMMIT by ROLLBACK if the core has decided so. */
void hf_call_choose_statement(struct hf_call *call);

/*
 * Makes a call for a listener: a statement, or an acquire when `sql` is NULL.
 * NULL when out of memory.
 */
struct hf_call *hf_call_new_for_listener(struct hf_netpool *pool,
                                         struct hf_listen *listen,
                                         const char *sql);

/* Frees a call that is neither in the core nor in hf_call_table. */
void hf_call_free(struct hf_call *call);

/* Drops the answer: the handle is closed. */
void hf_call_orphan(struct hf_call *call);

/*
 * Makes a call that reads and drops the answer to `call`, which was sent. NULL
 * when out of memory.
 */
struct hf_call *hf_call_new_replacement(const struct hf_call *call);

/*
 * Makes the query of a health probe, with a deadline. NULL when out of memory.
 */
struct hf_call *hf_call_new_probe(struct hf_netpool *pool,
                                  const char *sql,
                                  uint64_t limit_us);

/* Returns a request id as one number. */
static inline uint64_t hf_call_id(uint32_t low, uint32_t high) {
  return (uint64_t)high << 32 | low;
}

#endif
