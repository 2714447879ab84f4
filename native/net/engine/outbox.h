/* SPDX-License-Identifier: MIT */
/*
 * Messages for one environment. They are collected during a turn of the engine
 * and handed over at its end, with one wake-up.
 *
 * Ownership: part of the port; owns messages until they are taken.
 *
 * Threads: hf_outbox_take on the environment's thread, the others on the
 * engine's.
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
  struct hf_list *filled; /* list of outboxes with messages of this turn */

  /* under lock */
  uv_mutex_t lock;
  struct hf_message *ready_first, *ready_last;

  /* the engine's thread only */
  struct hf_link link; /* of `filled` */
  struct hf_message *out_first, *out_last;
  struct hf_message *spare; /* a reserve for answers without memory */
  int32_t n_spare;
  bool closed; /* the environment is gone */

  /* written by both sides */
  atomic_size_t buffered;   /* bytes of messages that were not taken yet */
  atomic_bool readers_wait; /* connections have paused reading until then */
};

/* Makes an empty outbox; the caller sets `filled` next. HF_NO_MEMORY. */
HF_NODISCARD enum hf_status hf_outbox_init(struct hf_outbox *outbox,
                                           hf_wake_cb wake,
                                           void *ctx);

/* Frees the messages that were not taken. */
void hf_outbox_finish(struct hf_outbox *outbox);

/*
 * Returns the messages handed over; the caller owns them. `*readers_waited`:
 * connections have paused reading, and hf_conn_resume is to be called.
 */
struct hf_message *hf_outbox_take(struct hf_outbox *outbox,
                                  bool *readers_waited);

/*
 * Returns whether more than `limit` bytes were not taken yet. The caller pauses
 * reading then; the next hf_outbox_take says so.
 */
bool hf_outbox_is_full(struct hf_outbox *outbox, size_t limit);

/* Adds a list of messages; takes ownership. */
void hf_outbox_send(struct hf_outbox *outbox, struct hf_message *message);

/* Hands the messages of the turn over, with one wake-up. */
void hf_outbox_hand_over(struct hf_outbox *outbox);

/*
 * As hf_message_new, for the answer to an operation. When out of memory it is a
 * message of the reserve, without texts. NULL when the reserve is used up.
 */
struct hf_message *hf_outbox_new_answer(struct hf_outbox *outbox,
                                        const struct hf_message_head *head);

/* Answers an operation with HF_MSG_OK and one value. */
void hf_outbox_send_ok(struct hf_outbox *outbox,
                       uint32_t id_low,
                       uint32_t id_high,
                       int32_t value);

/*
 * Makes a message that says how many bytes of a COPY went on. NULL when even
 * the spare messages are used up.
 */
struct hf_message *hf_outbox_new_copy(struct hf_outbox *outbox,
                                      uint32_t id_low,
                                      uint32_t id_high,
                                      size_t taken);

/* Fills in the HF_ERROR_* of an error and its cause, which may be NULL. */
void hf_outbox_describe_error(struct hf_message *message,
                              const struct hf_error *error,
                              const struct hf_error *cause);

/*
 * Answers an operation with an error: `cause` if it has this status, else our
 * own error of the status with `cause`, which may be NULL, as its cause.
 */
void hf_outbox_refuse(struct hf_outbox *outbox,
                      uint32_t id_low,
                      uint32_t id_high,
                      enum hf_status status,
                      const struct hf_error *cause);

/*
 * Refuses an operation because of one statement of its batch; `place` is that
 * one's, from 1, or 0. Borrows `error`.
 */
void hf_outbox_refuse_statement(struct hf_outbox *outbox,
                                uint32_t id_low,
                                uint32_t id_high,
                                const struct hf_error *error,
                                int32_t place);

#endif
