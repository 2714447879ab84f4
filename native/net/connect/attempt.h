/* SPDX-License-Identifier: MIT */
/*
 * An attempt to connect to one address. Worker threads run its steps; between
 * two steps the loop watches its socket.
 *
 * Ownership: its owner's, until hf_attempt_close or hf_attempt_take.
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
  void *owner;         /* NULL once it was closed */
  struct hf_loop *loop;
  struct hf_connect_job *job;
  struct hf_post post;
  struct hf_attempt_watch *watch; /* while waiting for the socket */
  struct hf_route_choice choice;  /* the owner's: where it goes */
  bool working;                   /* the workers have the job */
  bool refused;                   /* the workers have refused the job */
  bool connected;                 /* the socket has been connected */
  uint64_t active_ns;             /* when the server was last active */

  /* Called from the loop, and not at once; each may close the attempt. */
  void (*on_connected)(struct hf_attempt *attempt);
  void (*on_activity)(struct hf_attempt *attempt);
  void (*on_certificates)(struct hf_attempt *attempt);
  void (*on_over)(struct hf_attempt *attempt);
};

/*
 * Makes an attempt of a job that was not submitted; takes ownership of it. The
 * caller sets the functions next. NULL when out of memory: the job is
 * still the caller's.
 */
struct hf_attempt *hf_attempt_new(struct hf_loop *loop,
                                  struct hf_connect_job *job,
                                  void *owner);

/* Starts. Returns what hf_workers_submit returns. */
HF_NODISCARD enum hf_status hf_attempt_start(struct hf_attempt *attempt);

/* Goes on: the job's certificates are accepted. */
void hf_attempt_accept(struct hf_attempt *attempt);

/* Ends the job, and calls on_over: they are not. */
void hf_attempt_refuse(struct hf_attempt *attempt, const char *message);

/* Closes the attempt and its connection. No function is called any more. */
void hf_attempt_close(struct hf_attempt *attempt);

/* Closes the attempt and returns its job, which is over: the caller owns it. */
struct hf_connect_job *hf_attempt_take(struct hf_attempt *attempt);

#endif
