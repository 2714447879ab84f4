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
#include <stdint.h>

struct hf_connect_slot;
struct hf_handle;
struct hf_netpool;
struct hf_port;
struct hf_slot;

/* Opens slot's connection: hf_pool_on_connected or _on_connect_failed. */
void hf_connect_slot_open(struct hf_netpool *pool, struct hf_slot *slot);

/* Stops opening: hf_pool_on_closed follows. */
void hf_connect_slot_stop(struct hf_connect_slot *opening);

/* A unit of our own is over, or the connection failed meanwhile. */
void hf_connect_slot_on_setup(struct hf_connect_slot *opening);

/* Returns whoever waits for the answer to a port's question, or NULL. */
struct hf_connect_slot *hf_connect_slot_find(const struct hf_port *port,
                                             uint32_t question);

/*
 * A handle of the port is gone: the questions it was asked are put to another
 * handle of the same pool. Without one the opening fails.
 */
void hf_connect_slot_ask_others(struct hf_port *port,
                                const struct hf_handle *handle);

/*
 * The answer to HF_MSG_ASK; `password` NULL: the function failed, and will be
 * asked again unless it said that this is permanent.
 */
void hf_connect_slot_on_password(struct hf_connect_slot *opening,
                                 const char *password,
                                 const char *message,
                                 bool permanent);

#endif
