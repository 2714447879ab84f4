/* SPDX-License-Identifier: MIT */
/*
 * Opening one connection to a target that may have several hosts, and several
 * addresses for each of them (RFC 8305):
 *
 *   - names are looked up side by side;
 *   - every address gets an attempt of its own, a quarter of a second after
 *     the one before it, or at once when that one failed;
 *   - the first whose socket is connected goes on, the others are closed
 *     before they have sent anything;
 *   - one that then fails, or says nothing for its share of the time, gives
 *     way to the next.
 *
 * The address that worked is remembered when it was not the first.
 *
 * Ownership: frees itself after `done` or hf_connect_stop.
 * Threads: the engine's thread only; nothing here waits.
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

/* Where a connection goes; borrowed. */
struct hf_connect_address {
  const char *host;
  const char *address;
  const char *port;
};

/* What is wanted; everything is copied. */
struct hf_connect_options {
  struct hf_loop *loop;
  struct hf_target *target;
  const char *password; /* instead of the target's; or NULL */
  const struct hf_connect_address *address; /* nowhere else; or NULL */
  const char *question;                     /* asked in the end; or NULL */
  const char *role;   /* instead of target_session_attrs; or NULL */
  bool with_settings; /* with the settings of hf_target_session */
  bool detect_proxy;
  bool pid_is_optional;
  int32_t limit_ms; /* from now on */
  /*
   * The end, from the loop. `job` is open and the receiver's to take from and
   * to free; when it is NULL `error` says why, borrowed.
   */
  void (*done)(void *ctx,
               struct hf_connect_job *job,
               const struct hf_error *error);
  void *ctx;
};

/* Starts. NULL when out of memory; `done` is never called at once. */
struct hf_connect *hf_connect_start(const struct hf_connect_options *options);

/* Stops; `done` is not called any more. */
void hf_connect_stop(struct hf_connect *connect);

/*
 * Returns whether time was spent on our own side when it ended by time-out: a
 * step waited for a thread, or a name for its resolver. For use in `done`.
 */
bool hf_connect_was_delayed_here(const struct hf_connect *connect);

#endif
