/* SPDX-License-Identifier: MIT */
/*
 * Opening a slot's connection: the password function if there is one, the
 * connection itself, the pool's settings on a direct connection.
 *
 *     ASKING -> WORKING -> SETTLING -> (slot IDLE)
 *        |         |          |
 *        +---------+----------+-> OVER
 *
 * Ownership: frees itself when it is over.
 * Threads: the engine's thread only.
 */
#ifndef HF_NET_ENGINE_CONNECT_SLOT_H
#define HF_NET_ENGINE_CONNECT_SLOT_H

#include <stdbool.h>

struct hf_connect_slot;
struct hf_handle;
struct hf_netpool;
struct hf_slot;

/* Opens slot's connection: hf_pool_on_connected or _on_connect_failed. */
void hf_connect_slot_open(struct hf_netpool *pool, struct hf_slot *slot);

/* Stops opening: hf_pool_on_closed follows. */
void hf_connect_slot_stop(struct hf_connect_slot *opening);

/* A unit of our own is over, or the connection failed meanwhile. */
void hf_connect_slot_on_setup(struct hf_connect_slot *opening);

/* Returns the handle that was asked for a password, or NULL. */
struct hf_handle *hf_connect_slot_asked_handle(
    const struct hf_connect_slot *opening);

/* Whoever was asked is gone: asks another handle, or fails. */
void hf_connect_slot_ask_another(struct hf_connect_slot *opening);

/*
 * The answer to HF_MSG_ASK; `password` NULL: the function failed, and will be
 * asked again unless it said that this is permanent.
 */
void hf_connect_slot_on_password(struct hf_connect_slot *opening,
                                 const char *password,
                                 const char *message,
                                 bool permanent);

#endif
