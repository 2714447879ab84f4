/* SPDX-License-Identifier: MIT */
/*
 * A pool as the world sees it: the core's pool with its target, settings and
 * statements, the handles on it, and the world's operations for it. Shared
 * pools are found by key in the engine's list: the registry.
 *
 * Ownership: the engine's; a pool frees itself when it is CLOSED and its last
 * handle is gone.
 * Threads: the engine's thread only.
 */
#ifndef HF_NET_ENGINE_NETPOOL_H
#define HF_NET_ENGINE_NETPOOL_H

#include <stdbool.h>

#include <libpq-fe.h>

#include "core/base/list.h"
#include "core/pool/pool.h"
#include "net/conn/conn.h"
#include "net/engine/credentials.h"
#include "net/engine/engine.h"

struct hf_call;
struct hf_conn;
struct hf_handle;
struct hf_port;
struct hf_target;

struct hf_netpool {
  struct hf_pool core;
  struct hf_conn_shared shared; /* of its connections */

  /* set when it is made */
  struct hf_engine *engine;
  struct hf_link of_engine;
  struct hf_target *target;
  char *key;     /* of a shared pool, else NULL */
  char *options; /* name NUL value NUL ..., as they were given first */
  size_t options_bytes;
  bool asks_password;

  struct hf_credentials credentials; /* of the password function */

  struct hf_list handles;
  bool proxied;           /* a proxy was seen: never taken for direct again */
  bool start_refused;     /* settings at the start of a session, by 08P01 */
  bool starts_proxied;    /* through a proxy settings must be there, too */
  bool warned_of_connect; /* that onConnect is left out behind a proxy */
  int32_t dials;          /* under way, probes included */
  bool undialed;          /* a slot could not even begin to connect */
  bool closed;            /* the core said so */
};

/*
 * Makes a pool from the fields of HF_OP_OPEN: key, then name, value, ...
 * On failure returns NULL and fills in `error`.
 */
struct hf_netpool *hf_netpool_new(struct hf_engine *engine,
                                  const char *const *fields,
                                  int32_t n_fields,
                                  bool shared,
                                  struct hf_error *error);

/* Returns the open shared pool of a key, or NULL. */
struct hf_netpool *hf_netpool_find(struct hf_engine *engine, const char *key);

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

/* Puts one more handle on a pool. */
void hf_netpool_attach(struct hf_netpool *pool, struct hf_handle *handle);

/*
 * Takes a handle away; the last one ends the pool. With `orphan` its
 * environment is gone: nobody reads what still runs.
 */
void hf_netpool_detach(struct hf_netpool *pool,
                       struct hf_handle *handle,
                       bool orphan);

/*
 * end() of a handle: answered when its work is done. What is not done within
 * drain_ms is cut short, of this handle and of no other.
 */
void hf_netpool_end(struct hf_netpool *pool,
                    struct hf_handle *handle,
                    const struct hf_op *op);

/* Does what is due of a handle that is ending, and frees it at its end. */
void hf_netpool_review_end(struct hf_netpool *pool, struct hf_handle *handle);

/* Returns whether its connections go, or may go, through a proxy. */
bool hf_netpool_is_proxied(const struct hf_netpool *pool);

/*
 * Suspends a pool in a handle's name, or resumes it for all. It resumes by
 * itself when no handle is left that suspended it.
 */
void hf_netpool_suspend(struct hf_netpool *pool, struct hf_handle *handle);
void hf_netpool_resume(struct hf_netpool *pool);

/* A handle wants `min` connections, at least one, to be open. */
void hf_netpool_warm(struct hf_netpool *pool,
                     struct hf_handle *handle,
                     const struct hf_op *op);

/* Returns when hf_netpool_end_turn has to look again. */
uint64_t hf_netpool_next_us(const struct hf_netpool *pool);

/* Tells listeners; `lease` is whose it is, or NULL for all handles. */
void hf_netpool_event(struct hf_netpool *pool,
                      struct hf_slot *slot,
                      enum hf_event event,
                      const struct hf_error *error);

/* Tells whose lease it is of a notification. */
void hf_netpool_notify(struct hf_netpool *pool,
                       struct hf_slot *slot,
                       const PGnotify *notify);

/* There was no memory to begin connecting: told at the end of the turn. */
void hf_netpool_fail_later(struct hf_netpool *pool, struct hf_slot *slot);

/* Does what was put off; frees the pool when nothing is left of it. */
void hf_netpool_end_turn(struct hf_netpool *pool);

/* How connections tell their pool (pool_io.c). */
extern const struct hf_conn_callbacks hf_netpool_callbacks;

/* Fills in the world's operations for a pool (pool_io.c). */
void hf_netpool_make_world(struct hf_netpool *pool, struct hf_world *world);

/* Something stands between: no connection is taken for direct any more. */
void hf_netpool_set_proxied(struct hf_netpool *pool);

#endif
