/* SPDX-License-Identifier: MIT */
/*
 * Opens the connection of a slot: asks the password function if there is one,
 * connects, where a function is to know the server asks that, and sets the
 * session up.
 *
 *     ASKING -> CONNECTING -> SETTING_UP -> (slot IDLE)
 *        |          |             |
 *        +----------+-------------+-> OVER
 *
 * Ownership: frees itself when it is OVER.
 * Threads: the engine's thread only.
 */
#ifndef HF_NET_ENGINE_CONNECT_SLOT_H
#define HF_NET_ENGINE_CONNECT_SLOT_H

#include <stdbool.h>
#include <stdint.h>

struct hf_connect_slot;
struct hf_handle;
struct hf_netpool;
struct hf_port;
struct hf_slot;

/*
 * Opens the slot's connection. hf_pool_on_connected or
 * hf_pool_on_connect_failed follows.
 */
void hf_connect_slot_open(struct hf_netpool *pool, struct hf_slot *slot);

/* Stops opening. hf_pool_on_closed follows. */
void hf_connect_slot_stop(struct hf_connect_slot *opening);

/* An internal unit is complete, or the connection has failed. */
void hf_connect_slot_on_setup(struct hf_connect_slot *opening);

/* Returns the opening that waits for the answer to a question, or NULL. */
struct hf_connect_slot *hf_connect_slot_find(const struct hf_port *port,
                                             uint32_t question);

/*
 * Asks other handles the questions that a closed handle of the port was asked.
 * An opening whose pool has no other handle fails.
 */
void hf_connect_slot_ask_others(struct hf_port *port,
                                const struct hf_handle *handle);

/*
 * Handles the answer to HF_MSG_ASK: a password, or any text if the server is
 * the right one. Without a value the function has failed with `message`; a
 * permanent failure is not retried.
 */
void hf_connect_slot_on_answer(struct hf_connect_slot *opening,
                               const char *value,
                               const char *message,
                               bool permanent);

#endif
