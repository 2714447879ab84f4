/* SPDX-License-Identifier: MIT */
/*
 * A pool as the engine sees it: the core's pool with its target, settings and
 * statements, the handles on it, and the engine's operations for it. Shared
 * pools are found by key in the engine's list: the registry.
 *
 * Ownership: the engine's; freed at the end of a turn when it is CLOSED and its
 * last handle is gone.
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

/* The pools of an engine, and what they have in common. */
struct hf_netpools {
  /* set when it is made */
  struct hf_loop *loop;
  const struct hf_pool_io *io; /* of every pool, but for its ctx */
  const struct hf_conn_callbacks *callbacks;
  struct hf_hash_key hash_key; /* of this process's tables */

  struct hf_list list; /* hf_netpool.of_all */
  struct hf_statement_source statements;
};

struct hf_netpool {
  struct hf_pool core;
  struct hf_conn_shared shared; /* of its connections */

  /* set when it is made */
  struct hf_netpools *pools; /* it is one of */
  struct hf_link of_all;
  struct hf_target *target;
  char *key;     /* of a shared pool, else NULL */
  char *options; /* name NUL value NUL ..., as they were given first */
  size_t options_bytes;
  bool asks_password;

  struct hf_credentials credentials; /* of the password function */

  struct hf_list handles;
  struct hf_listen *listen;    /* what its handles listen to, or NULL */
  struct hf_cache_trust trust; /* in what they keep */
  uint64_t last_stamp;         /* the last of hf_listen.stamp it heard of */
  struct hf_warmup warmup;
  struct hf_health health;
  bool proxied;           /* a proxy was seen: never taken for direct again */
  bool start_refused;     /* settings at the start of a session, by 08P01 */
  bool starts_proxied;    /* through a proxy settings must be there, too */
  bool warned_of_connect; /* that onConnect is left out behind a proxy */
  int32_t openings;       /* under way, probes included */
  bool unopened;          /* a slot could not even begin to connect */
  bool closed;            /* the core said so */
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
 * Takes over what a further handle wrote and nobody had before: of what
 * concerns the whole pool, what is written wins over a default.
 */
HF_NODISCARD enum hf_status hf_netpool_configure(struct hf_netpool *pool,
                                                 const char *const *fields,
                                                 int32_t n_fields,
                                                 struct hf_error *error);

/* Appends to pool->options; HF_NO_MEMORY. Secrets are left out. */
HF_NODISCARD enum hf_status hf_netpool_keep_options(struct hf_netpool *pool,
                                                    const char *const *fields,
                                                    int32_t n_fields);

/* Returns whether its connections go, or may go, through a proxy. */
bool hf_netpool_is_proxied(const struct hf_netpool *pool);

/*
 * Returns how often a session that listens is asked whether it lives, for the
 * cache.
 */
uint64_t hf_netpool_cache_probe_us(const struct hf_netpool *pool);

/* Reads on where a full environment held connections up. */
void hf_netpool_resume_reading(struct hf_netpool *pool);

/* Frees a pool whose core is CLOSED, without handles and hf_listen. */
void hf_netpool_free(struct hf_netpool *pool);

/* There was no memory to begin connecting: told at the end of the turn. */
void hf_netpool_fail_later(struct hf_netpool *pool, struct hf_slot *slot);

/* Tells that now, if there is anything. */
void hf_netpool_fail_unopened(struct hf_netpool *pool);

/* Something stands between: no connection is taken for direct any more. */
void hf_netpool_set_proxied(struct hf_netpool *pool);

#endif
