/* SPDX-License-Identifier: MIT */
/*
 * A request: one call of the user on its way through the pool.
 *
 *            submit           dispatch            finished
 *     NEW ----------> WAITING ---------> RUNNING -----------> DONE
 *                      |  ^                 |                  ^
 *                      |  |   delay over    v  is retried      |
 *                      |  +------------- BACKOFF --------------+
 *                      +---------------------------------------+
 *                         deadline, abort, pool closed
 *
 * Ownership: the engine (net) allocates a request and gets it back through
 * hf_pool_io.deliver; in between the pool only borrows it.
 * Threads: the engine's thread only.
 */
#ifndef HF_CORE_POOL_REQUEST_H
#define HF_CORE_POOL_REQUEST_H

#include "core/base/error.h"
#include "core/base/heap.h"
#include "core/base/list.h"
#include "core/policy/transaction.h"
#include "core/sql/scan.h"
#include "holdfast.h"

struct hf_lease;
struct hf_slot;

enum hf_request_state {
  HF_REQUEST_NEW,     /* not yet submitted */
  HF_REQUEST_WAITING, /* in the queue, or waiting on a lease */
  HF_REQUEST_RUNNING, /* on a slot's running list */
  HF_REQUEST_BACKOFF, /* failed, retried when its timer fires */
  HF_REQUEST_DONE     /* settled; about to be delivered */
};

enum hf_request_kind {
  HF_REQUEST_QUERY,    /* one statement on any connection */
  HF_REQUEST_ACQUIRE,  /* wants a lease */
  HF_REQUEST_STATEMENT /* belongs to a lease */
};

/* Whether the server takes writes, as it reports when it refuses one. */
enum hf_role { HF_ROLE_UNKNOWN, HF_ROLE_WRITES, HF_ROLE_READS };

struct hf_request {
  /* set by the engine before hf_pool_submit, read-only afterwards */
  enum hf_request_kind kind;
  uint32_t id_low, id_high;
  void *owner;            /* the pool handle it came from */
  struct hf_sql_info sql; /* zeroed for HF_REQUEST_ACQUIRE */
  int32_t flags;          /* HF_FLAG_* */
  uint64_t deadline_us;   /* absolute; 0 = none */
  uint64_t acquire_us;    /* absolute; 0 = none */
  uint64_t timeout_us;    /* limit of one attempt; 0 = none */
  int32_t max_retries;
  uint64_t usual_us; /* how long the same text took lately; 0 = unknown */
  int32_t retry_base_ms, retry_cap_ms, slow_query_ms; /* -1 = the pool's */
  struct hf_lease *lease; /* of a statement, or the one to be granted */
  bool undone_if_cut;     /* nothing of it is durable before a COMMIT that does
                             not follow then: answered as soon as it is
                             interrupted */

  /* changed by the mover and the pool */
  enum hf_request_state state;
  uint64_t submitted_us, started_us;
  uint64_t ran_us;       /* how long it ran at the head of its connection */
  uint64_t cancelled_us; /* when the first cancel was sent */
  struct hf_slot *slot;  /* while RUNNING */
  struct hf_link link;   /* on the queue, a slot or a lease */
  struct hf_link of_all; /* on the pool's list of live requests */
  struct hf_heap_node timer;
  uint32_t serial;            /* of the connection it last went to */
  uint32_t newer_than;        /* waits for a newer connection; 0 = any */
  uint32_t avoid_serial;      /* serial of the connection it failed on */
  enum hf_status interrupted; /* why it is being cancelled; HF_OK = it is not */
  bool settled;               /* the user was answered while it still runs */
  uint64_t held_us; /* of a stream: since when it is not read; 0 = it is */
  bool begun;       /* of a stream: rows were handed over */
  bool left;        /* of a stream: its reader wants no more */
  bool orphan;      /* its environment is gone: nobody reads the answer */
  bool unnamed;     /* must be sent as an unnamed statement */
  bool name_reused; /* set by the engine: its name was prepared before */
  bool used_once;   /* it was retried because of a verdict with `once` */
  enum hf_role server_role; /* set by the engine, with 25006 */
  bool read_only_retry;     /* it is retried and must not write */
  bool in_transaction;   /* an explicit transaction was open when it was sent */
  bool unsent;           /* set by the engine: no byte of it was sent */
  bool wrapping_refused; /* set by the engine: the server refused what we
                            wrapped it in; it is retried without */
  bool server_warned;    /* set by the engine: the server sent a warning */
  bool answered_rollback; /* set by the engine: a command tag was ROLLBACK */
  bool simple_protocol;   /* set by the engine: sent by the simple protocol */
  bool copy_done; /* set by the engine: the server may have all data of COPY */
  enum hf_progress progress; /* set by the engine: of this attempt */
  struct hf_transaction end; /* when it ends its lease's transaction */
  char transaction;          /* I, T or E after it; 0 = not known */

  /* statistics and the answer */
  int32_t attempts; /* times it was sent */
  int32_t retries;
  struct hf_error error; /* HF_OK = success */
  struct hf_error cause; /* what caused it; HF_OK = unknown */
};

/* Returns a state's name, for traces and tests. */
const char *hf_request_state_name(enum hf_request_state state);

/* Zeroes a request and makes it NEW. */
void hf_request_init(struct hf_request *request, enum hf_request_kind kind);

/*
 * As hf_request_init, for what hf_pool_io.replace returns: settled, and nobody
 * reads its answer.
 */
void hf_request_init_replacement(struct hf_request *request,
                                 enum hf_request_kind kind);

/*
 * As hf_request_init, for what hf_pool_io.begin_hook lends: an
 * HF_REQUEST_ACQUIRE that is DONE without having been submitted.
 */
void hf_request_init_granted(struct hf_request *request);

/*
 * Notes that standard_conforming_strings is on where the request is sent: its
 * text may prove that it only reads.
 */
void hf_request_note_standard_strings(struct hf_request *request);

/* Frees what a request owns; the request itself is the engine's. */
void hf_request_finish(struct hf_request *request);

/* Sets the time of submission: to the pool, or to a cache in front of it. */
void hf_request_submitted(struct hf_request *request, uint64_t now_us);

/* The only place that changes the state. Asserts that the move is allowed. */
void hf_request_move(struct hf_request *request, enum hf_request_state next);

/*
 * Returns true when the loss of its connection undoes it: it is inside an open
 * transaction, or only begins one.
 */
bool hf_request_goes_with_connection(const struct hf_request *request);

/*
 * Returns true when running it twice is harmless as far as is known: it is
 * declared read-only or idempotent, or its text only reads.
 */
bool hf_request_repeatable(const struct hf_request *request);

/*
 * Returns true when only its text says so. A view, a policy or a shadowed name
 * may still make it write.
 */
bool hf_request_seems_to_read(const struct hf_request *request);

/*
 * Returns true when the caller declared it read-only, which the server
 * enforces.
 */
bool hf_request_only_reads(const struct hf_request *request);

/*
 * Returns true when its rows, or data of COPY, are handed over while it runs:
 * see stream.h.
 */
bool hf_request_streams(const struct hf_request *request);

/* Returns true when it sends data by COPY. */
bool hf_request_copies_in(const struct hf_request *request);

/*
 * Returns true when it sends data by COPY and the server has not all of them:
 * it stores nothing then.
 */
bool hf_request_is_unfinished_copy(const struct hf_request *request);

/* Returns true when an earlier attempt may have been executed. */
bool hf_request_in_doubt(const struct hf_request *request);

/* Returns true when it begins, ends or divides a transaction. */
bool hf_request_controls_transaction(const struct hf_request *request);

/*
 * Returns true when the server has to refuse writes: declared read-only, or a
 * read-only retry.
 */
bool hf_request_must_not_write(const struct hf_request *request);

#endif
