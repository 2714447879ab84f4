/* SPDX-License-Identifier: MIT */
/*
 * An attempt at one address: its steps are run by the workers, its socket is
 * watched by the loop in between.
 *
 * Ownership: whoever started it, until hf_attempt_close.
 * Threads: the engine's thread only.
 */
#ifndef HF_NET_CONNECT_ATTEMPT_H
#define HF_NET_CONNECT_ATTEMPT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/list.h"
#include "net/base/loop.h"
#include "net/connect/connect_job.h"
#include "net/connect/hosts.h"

struct hf_attempt_watch;

struct hf_attempt {
  struct hf_link link; /* the owner's */
  void *owner;         /* NULL once it was let go */
  struct hf_loop *loop;
  struct hf_connect_job *job;
  struct hf_post post;
  struct hf_attempt_watch *watch; /* while the socket is waited for */
  struct hf_route_choice choice;  /* the owner's: where it goes */
  bool working;                   /* the job is the workers' */
  bool refused;                   /* by the workers: told from the loop */
  bool connected;                 /* the socket has been connected */
  uint64_t active_ns;             /* when the other side last did something */

  /* Called from the loop; each may close the attempt. */
  void (*on_connected)(struct hf_attempt *attempt);
  void (*on_activity)(struct hf_attempt *attempt);
  void (*on_over)(struct hf_attempt *attempt);
};

/*
 * Makes an attempt of a job that has not been submitted, and owns it. Set the
 * three functions, then hf_attempt_start. NULL when out of memory.
 */
struct hf_attempt *hf_attempt_new(struct hf_loop *loop,
                                  struct hf_connect_job *job,
                                  void *owner);

/* Starts; on failure (as hf_workers_submit) the attempt is the caller's. */
HF_NODISCARD enum hf_status hf_attempt_start(struct hf_attempt *attempt);

/* Gives the attempt up, with its connection. Nothing is called any more. */
void hf_attempt_close(struct hf_attempt *attempt);

/* Returns the finished job, which is the caller's; closes the attempt. */
struct hf_connect_job *hf_attempt_take(struct hf_attempt *attempt);

#endif
