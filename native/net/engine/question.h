/* SPDX-License-Identifier: MIT */
/*
 * A question put to the JavaScript of a handle: HF_MSG_ASK, answered by
 * HF_OP_ANSWER. Asked are the pool's functions: for a password, and whether a
 * server is the right one.
 *
 * Ownership: the struct is the asker's memory. It asks one question at a time
 *            and withdraws it before it goes.
 * Threads: the engine's thread only.
 */
#ifndef HF_NET_ENGINE_QUESTION_H
#define HF_NET_ENGINE_QUESTION_H

#include <stdint.h>

#include "core/base/hash_table.h"
#include "holdfast.h"

struct hf_handle;
struct hf_netpool;
struct hf_port;

struct hf_question {
  struct hf_table_node node; /* in hf_port.questions, under its number */
  struct hf_handle *handle;  /* that was asked; NULL = nothing is asked */
};

/*
 * Asks `what` (copied) of the oldest handle of the pool that is not ending,
 * else any. Returns HF_OK, HF_POOL_CLOSED when the pool has no handle, or
 * HF_NO_MEMORY.
 */
HF_NODISCARD enum hf_status hf_question_ask(struct hf_question *question,
                                            const struct hf_netpool *pool,
                                            const char *what);

/* Likewise, whether certificates are those of the server `host`, or NULL. */
HF_NODISCARD enum hf_status hf_question_ask_identity(
    struct hf_question *question,
    const struct hf_netpool *pool,
    const char *host,
    const char *pem);

/* Withdraws the question; an answer to it is ignored. Accepts one not asked. */
void hf_question_withdraw(struct hf_question *question);

/* Returns the question of a number, or NULL. */
struct hf_question *hf_question_find(const struct hf_port *port,
                                     uint32_t number);

/* Returns a question that the handle, which is the port's, was asked; or NULL.
 */
struct hf_question *hf_question_find_asked(const struct hf_port *port,
                                           const struct hf_handle *handle);

#endif
