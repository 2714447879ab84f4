/* SPDX-License-Identifier: MIT */
/*
 * A pool of the engine: the core's pool with its target, settings, statements
 * and handles. Shared pools are found by their key.
 *
 * Ownership: the engine's. Freed at the end of a turn, once it is CLOSED and
 * has no handle.
 *
 * Threads: the engine's thread only.
 */
#ifndef HF_NET_ENGINE_NETPOOL_H
#define HF_NET_ENGINE_NETPOOL_H

#include <stdbool.h>

#include <libpq-fe.h>

#include "core/base/list.h"
#include "core/cache/trust.h"
#include "core/features/health.h"
#include "core/features/warmup.h"
#include "core/pool/pool.h"
#include "net/conn/conn.h"
#include "net/engine/credentials.h"

struct hf_listen;
struct hf_target;

/* The pools of an engine, and what they share. */
struct hf_netpools {
  /* set when it is made */
  struct hf_loop *loop;
  const struct hf_pool_io *io; /* for all pools, without ctx */
  const struct hf_conn_callbacks *callbacks;
  struct hf_hash_key hash_key; /* of this process's tables */

  struct hf_list list; /* hf_netpool.of_all */
  struct hf_statement_source statements;
};

struct hf_netpool {
  struct hf_pool core;
  struct hf_conn_shared shared; /* of its connections */

  /* set when it is made */
  struct hf_netpools *pools; /* the list that it is on */
  struct hf_link of_all;
  struct hf_target *target;
  char *key;     /* of a shared pool, or NULL */
  char *options; /* name NUL value NUL ..., as first given */
  size_t options_bytes;
  bool asks_password;

  struct hf_credentials credentials; /* of the password function */

  struct hf_list handles;
  struct hf_listen *listen;    /* or NULL */
  struct hf_cache_trust trust; /* in cached results */
  uint64_t last_stamp; /* of hf_listen.stamp: the last notification it got */
  struct hf_warmup warmup;
  struct hf_health health;
  struct hf_list once_due; /* hf_once_call.due: to be gone on with */
  bool once_runs;          /* they are being gone on with */
  bool proxied;            /* a proxy was found; stays true */
  bool start_refused;      /* start-up options were refused */
  bool starts_proxied;     /* use start-up options also behind a proxy */
  bool warned_of_connect;  /* that onConnect is not run behind a proxy */
  int32_t openings;        /* connects under way, for slots and probes */
  bool unopened;           /* out of memory before a connect was begun */
  bool closed;             /* the core is CLOSED */
};

/*
 * Makes a pool from the fields of HF_OP_OPEN: key, then name, value, ...
 * On failure returns NULL and fills in `error`.
 */
struct hf_netpool *hf_netpool_new(struct hf_netpools *pools,
                                  const char *const *fields,
                                  int32_t n_fields,
                                  bool shared,
                                  struct hf_error *error);

/* Returns the open shared pool of a key, or NULL. */
struct hf_netpool *hf_netpool_find(struct hf_netpools *pools, const char *key);

/*
 * Applies options of a further handle: those that concern the whole pool and
 * that no handle has given before. Returns HF_OK, or a status with `error`
 * filled in.
 */
HF_NODISCARD enum hf_status hf_netpool_configure(struct hf_netpool *pool,
                                                 const char *const *fields,
                                                 int32_t n_fields,
                                                 struct hf_error *error);

/* Appends to pool->options, without secrets. HF_NO_MEMORY. */
HF_NODISCARD enum hf_status hf_netpool_keep_options(struct hf_netpool *pool,
                                                    const char *const *fields,
                                                    int32_t n_fields);

/* Returns whether connections are treated as going through a proxy. */
bool hf_netpool_is_proxied(const struct hf_netpool *pool);

/*
 * Returns the interval at which a session that listens for the query cache is
 * pinged.
 */
uint64_t hf_netpool_cache_probe_us(const struct hf_netpool *pool);

/* Ends pauses in reading, of all connections. */
void hf_netpool_resume_reading(struct hf_netpool *pool);

/* Frees a pool whose core is CLOSED, and which has no handle or hf_listen. */
void hf_netpool_free(struct hf_netpool *pool);

/* Has a connect that could not be begun fail at the end of the turn. */
void hf_netpool_fail_later(struct hf_netpool *pool, struct hf_slot *slot);

/* Fails these connects. */
void hf_netpool_fail_unopened(struct hf_netpool *pool);

/*
 * Notes that a proxy was found: from now on no connection is taken for direct.
 */
void hf_netpool_set_proxied(struct hf_netpool *pool);

#endif
