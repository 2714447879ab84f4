/* SPDX-License-Identifier: MIT */
/*
 * Messages for one environment: they collect on the engine's side and are
 * handed over once per turn, with one wake.
 *
 * Ownership: the struct is the port's memory; messages are handed on.
 * Threads: hf_outbox_take on the environment's thread, the rest on the
 *          engine's.
 */
#ifndef HF_NET_ENGINE_OUTBOX_H
#define HF_NET_ENGINE_OUTBOX_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <uv.h>

#include "core/base/list.h"
#include "holdfast.h"

struct hf_error;
struct hf_message_head;

struct hf_outbox {
  /* set before the first message, read-only */
  hf_wake_cb wake;
  void *ctx;
  struct hf_list *filled; /* of outboxes with messages of this turn */

  /* under lock */
  uv_mutex_t lock;
  struct hf_message *ready_first, *ready_last;

  /* the engine's thread only */
  struct hf_link link; /* of `filled` */
  struct hf_message *out_first, *out_last;
  struct hf_message *spare; /* for answers when memory runs out */
  int32_t n_spare;
  bool closed; /* nobody takes anything any more */

  /* written by both sides */
  atomic_size_t buffered;   /* bytes of messages nobody took yet */
  atomic_bool readers_wait; /* connections wait until these were taken */
};

/* Makes an empty outbox; set `filled` next. HF_NO_MEMORY. */
HF_NODISCARD enum hf_status hf_outbox_init(struct hf_outbox *outbox,
                                           hf_wake_cb wake,
                                           void *ctx);

/* Frees what nobody took. */
void hf_outbox_finish(struct hf_outbox *outbox);

/*
 * Returns what was handed over, the caller's from now on. `readers_waited`:
 * connections stopped reading because of it, see hf_outbox_is_full.
 */
struct hf_message *hf_outbox_take(struct hf_outbox *outbox,
                                  bool *readers_waited);

/*
 * Returns whether the environment has more than `limit` bytes to take. Its
 * connections stop reading then, and hf_conn_resume is called once it took
 * them.
 */
bool hf_outbox_is_full(struct hf_outbox *outbox, size_t limit);

/* Queues messages for the environment; takes ownership. */
void hf_outbox_send(struct hf_outbox *outbox, struct hf_message *message);

/* Hands over what collected, with one wake. */
void hf_outbox_hand_over(struct hf_outbox *outbox);

/*
 * Makes the answer to an operation, as hf_message_new. Without memory it is
 * one without texts from a reserve: no call may stay unanswered. NULL when the
 * reserve is used up, too.
 */
struct hf_message *hf_outbox_new_answer(struct hf_outbox *outbox,
                                        const struct hf_message_head *head);

/* Answers an operation with HF_MSG_OK and one value. */
void hf_outbox_send_ok(struct hf_outbox *outbox,
                       uint32_t id_low,
                       uint32_t id_high,
                       int32_t value);

/*
 * Fills in the HF_ERROR_* that an error and its cause (or NULL) have in common
 * with every other.
 */
void hf_outbox_describe_error(struct hf_message *message,
                              const struct hf_error *error,
                              const struct hf_error *cause);

/*
 * Answers an operation with `cause` when that has this status, else with our
 * own error of the status, and `cause` (or NULL) as what it was caused by.
 */
void hf_outbox_refuse(struct hf_outbox *outbox,
                      uint32_t id_low,
                      uint32_t id_high,
                      enum hf_status status,
                      const struct hf_error *cause);

#endif
