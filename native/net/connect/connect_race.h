/* SPDX-License-Identifier: MIT */
/*
 * The data of a connect, and its attempts: which address is tried when, which
 * attempt continues, and how a connect ends. hf_connect_start prepares it.
 *
 * Ownership: frees itself after `done` or hf_connect_race_close.
 * Threads: the engine's thread only.
 */
#ifndef HF_NET_CONNECT_CONNECT_RACE_H
#define HF_NET_CONNECT_CONNECT_RACE_H

#include <stdbool.h>
#include <stdint.h>

#include <uv.h>

#include "core/base/error.h"
#include "core/base/list.h"
#include "net/connect/connect_options.h"
#include "net/connect/hosts.h"
#include "net/connect/lookups.h"

struct hf_attempt;

struct hf_connect {
  struct hf_connect_options options;
  char *password, *question;
  struct hf_hosts hosts;
  struct hf_lookups lookups; /* of their names */
  struct hf_list attempts;
  struct hf_attempt *chosen; /* whose socket was connected first */
  uint64_t silence_max_ns;   /* how long its server may be silent */
  uint64_t began_ns, end_ns, next_ns;
  uv_timer_t timer;
  const char *role;      /* of this round */
  bool fallback;         /* the second round of prefer-standby */
  bool random;           /* load_balance_hosts */
  bool wrong_role;       /* some server has the wrong role */
  bool one_address;      /* the address was given */
  bool over;             /* failed; the timer reports it */
  bool delayed_here;     /* the time-out is due to this machine */
  struct hf_error error; /* the most informative one so far */
};

/*
 * Starts the attempts that are due, and the timer for the next one. Does
 * nothing once the connect is over.
 */
void hf_connect_race_advance(struct hf_connect *connect);

/* Fails with the error so far. The timer calls `done`: it is not called now. */
void hf_connect_race_fail(struct hf_connect *connect);

/* The same with a status. */
void hf_connect_race_fail_with(struct hf_connect *connect,
                               enum hf_status status);

/* The same; for a failure to start a thread errno says why. */
void hf_connect_race_fail_by_system(struct hf_connect *connect,
                                    enum hf_status status);

/* Closes everything. The memory is freed when the timer is closed. */
void hf_connect_race_close(struct hf_connect *connect);

#endif
