/* SPDX-License-Identifier: MIT */
/*
 * Opens a connection to a target that may have several hosts, each with several
 * addresses (RFC 8305, "Happy Eyeballs"):
 *
 *   - all names are looked up at the same time;
 *   - each address is tried in an attempt of its own, 250 ms after the one
 *     before it, or at once when that has failed;
 *   - the attempt whose socket is connected first continues. The others are
 *     closed before they have sent anything;
 *   - when it fails, or the server is silent for too long, the next address is
 *     tried.
 *
 * An address that worked is remembered unless it was the first.
 *
 * Ownership: frees itself after `done` or hf_connect_stop.
 * Threads: the engine's thread only.
 */
#ifndef HF_NET_CONNECT_CONNECT_H
#define HF_NET_CONNECT_CONNECT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/error.h"

struct hf_connect;
struct hf_connect_job;
struct hf_loop;
struct hf_target;

/* Where to connect. */
struct hf_connect_address {
  const char *host;
  const char *address;
  const char *port;
};

/* What to open. hf_connect_start copies everything. */
struct hf_connect_options {
  struct hf_loop *loop;
  struct hf_target *target;
  const char *password; /* instead of the target's; or NULL */
  const struct hf_connect_address
      *address;         /* instead of the target's; or NULL */
  const char *question; /* SQL to run when it is open; or NULL */
  const char *role;     /* instead of target_session_attrs; or NULL */
  bool with_settings;   /* with the settings of hf_target_session */
  bool detect_proxy;
  bool pid_is_optional;
  int32_t limit_ms; /* from now on */
  /*
   * Called once, from the loop. `job` has the connection and is to be freed;
   * when it is NULL `error` (borrowed) says why.
   */
  void (*done)(void *ctx,
               struct hf_connect_job *job,
               const struct hf_error *error);
  void *ctx;
};

/* Starts. NULL when out of memory. `done` is not called before it returns. */
struct hf_connect *hf_connect_start(const struct hf_connect_options *options);

/* Stops and closes everything; `done` is not called any more. */
void hf_connect_stop(struct hf_connect *connect);

/*
 * Returns whether a time-out is due to this machine: a step was waiting for a
 * worker thread, or a name for the resolver. To be called in `done`.
 */
bool hf_connect_was_delayed_here(const struct hf_connect *connect);

#endif
