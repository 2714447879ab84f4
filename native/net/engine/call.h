/* SPDX-License-Identifier: MIT */
/*
 * A call: a unit with what the engine needs for it: whose it is, where its
 * answer goes, the lease it acquired.
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

#include "core/base/hash_table.h"
#include "core/pool/lease.h"
#include "holdfast.h"
#include "net/conn/unit.h"

struct hf_handle;
struct hf_listen;
struct hf_netpool;
struct hf_query_cache_call;

struct hf_call {
  struct hf_unit unit; /* first: the core hands out its request's address */

  /* set when it is made */
  struct hf_handle *handle;      /* NULL once its port is closed */
  struct hf_statement *rollback; /* ROLLBACK, where it may go in COMMIT's place;
                                   else NULL */
  struct hf_lease lease;         /* of HF_REQUEST_ACQUIRE */
  int32_t lease_number;          /* once granted */
  struct hf_query_cache_call *cached; /* owned; NULL = the cache is not asked */
  struct hf_listen *listen; /* whose own call it is: `handle` is NULL */

  /* changed by call_table.c */
  struct hf_table_node by_id, by_lease;
  bool found_by_id, found_by_lease;
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

/*
 * Makes a call of a listener's own: a statement or, where `sql` is NULL, an
 * acquire. NULL when out of memory.
 */
struct hf_call *hf_call_new_for_listener(struct hf_netpool *pool,
                                         struct hf_listen *listen,
                                         const char *sql);

/* Frees a call that the core does not have. */
void hf_call_free(struct hf_call *call);

/* Nobody waits for the answer any more: its handle, or its port, is closed. */
void hf_call_orphan(struct hf_call *call);

/*
 * Makes a call that nobody waits for, to read the answer of one that was sent
 * and goes elsewhere. NULL when out of memory.
 */
struct hf_call *hf_call_new_replacement(const struct hf_call *call);

/*
 * Makes the query of a health probe, which no handle owns and gives up at
 * `limit_us`. NULL when out of memory.
 */
struct hf_call *hf_call_new_probe(struct hf_netpool *pool,
                                  const char *sql,
                                  uint64_t limit_us);

/* Returns 64 bits of request id. */
static inline uint64_t hf_call_id(uint32_t low, uint32_t high) {
  return (uint64_t)high << 32 | low;
}

#endif
