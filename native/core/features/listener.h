/* SPDX-License-Identifier: MIT */
/*
 * The session for LISTEN: which channels it listens to for which
 * subscriptions, when it is opened, and when it is retried. Pure: time is
 * handed in, and the session is the engine's. Channels and subscriptions are
 * listener_channel.h's.
 *
 *          subscribed           connected
 *     IDLE ----------> CONNECTING -------> OPEN
 *      ^ ^                |  ^  |            |
 *      | |         failed v  |  | last one   | lost, or nobody subscribes
 *      | +------------ WAITING  | goes       v
 *      |   last one goes  ^     +-------> CLOSING
 *      |                  |    lost          |
 *      +------------------+------------------+ closed
 *
 * A failed attempt is repeated after 50 ms, doubled up to 2 s, half of it by
 * chance: processes that lost a server together do not come back in step.
 *
 * Ownership: the listener owns its channels; subscriptions are the engine's and
 * are borrowed until they are unsubscribed or refused.
 * Threads: none; one thread at a time per listener.
 */
#ifndef HF_CORE_FEATURES_LISTENER_H
#define HF_CORE_FEATURES_LISTENER_H

#include <stdint.h>

#include "core/base/error.h"
#include "core/base/siphash.h"
#include "core/features/listener_channel.h"

enum {
  HF_LISTENER_BASE_MS = 50, /* before the first retry */
  HF_LISTENER_CAP_MS = 2000
};

/* Initializes a listener. Copies `io`. Its hash table uses `hash_key`. */
void hf_listener_init(struct hf_listener *listener,
                      const struct hf_listener_io *io,
                      const struct hf_hash_key *hash_key);

/* Frees an IDLE listener. */
void hf_listener_finish(struct hf_listener *listener);

/*
 * ---- from the engine ------------------------------------------------------
 */

void hf_listener_on_connected(struct hf_listener *listener, uint64_t now_us);

/*
 * The session could not be opened. PENDING subscriptions are refused if the
 * error is permanent. Copies `error`.
 */
void hf_listener_on_connect_failed(struct hf_listener *listener,
                                   const struct hf_error *error,
                                   uint64_t now_us);

/*
 * The statement in flight was answered; `error` is NULL on success. An error
 * affects only the channel of the statement.
 */
void hf_listener_on_answered(struct hf_listener *listener,
                             const struct hf_error *error,
                             uint64_t now_us);

/* The session was lost. Copies `error`. */
void hf_listener_on_lost(struct hf_listener *listener,
                         const struct hf_error *error,
                         uint64_t now_us);

/* The session is closed. */
void hf_listener_on_closed(struct hf_listener *listener, uint64_t now_us);

/* ---- time ---------------------------------------------------------------- */

/* Does what is due, and what the calls above made necessary. */
void hf_listener_run(struct hf_listener *listener, uint64_t now_us);

/* Returns when hf_listener_run() is due next; UINT64_MAX = never. */
uint64_t hf_listener_next_us(const struct hf_listener *listener);

/* Asserts every invariant; for tests. */
void hf_listener_assert(const struct hf_listener *listener);

#endif
