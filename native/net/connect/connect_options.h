/* SPDX-License-Identifier: MIT */
/* What hf_connect_start is to open, and whom it calls. */
#ifndef HF_NET_CONNECT_CONNECT_OPTIONS_H
#define HF_NET_CONNECT_CONNECT_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/error.h"

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
  /*
   * Called from the loop when a server has shown certificates, if the target
   * has ssl_identity: hf_connect_identify says whether they are accepted. When
   * it is NULL those are that were accepted last.
   */
  void (*on_certificates)(void *ctx, const char *host, const char *pem);
  void *ctx;
};

#endif
