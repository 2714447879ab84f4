/* SPDX-License-Identifier: MIT */
/*
 * The calls of a port, found by the numbers JavaScript knows them by: the id
 * of the operation until it is answered, and the number of the lease from when
 * a connection is asked for until it is released.
 *
 * Ownership: borrows.
 * Threads: the engine's thread only.
 */
#ifndef HF_NET_ENGINE_CALL_TABLE_H
#define HF_NET_ENGINE_CALL_TABLE_H

#include "holdfast.h"

struct hf_call;
struct hf_port;

/*
 * Adds a call under its id and, when it acquires a lease, under the lease's
 * number. HF_NO_MEMORY adds neither.
 */
HF_NODISCARD enum hf_status hf_call_table_add(struct hf_port *port,
                                              struct hf_call *call);

/* Adds a call under the number of its lease only. HF_NO_MEMORY. */
HF_NODISCARD enum hf_status hf_call_table_add_lease(struct hf_port *port,
                                                    struct hf_call *call);

/* Removes the call's id, or its lease; does nothing when it is not there. */
void hf_call_table_remove(struct hf_port *port, struct hf_call *call);
void hf_call_table_remove_lease(struct hf_port *port, struct hf_call *call);

/* Returns the call of an id, or NULL. */
struct hf_call *hf_call_table_find(const struct hf_port *port,
                                   uint32_t id_low,
                                   uint32_t id_high);

/* Returns the call that acquired the lease of a number, or NULL. */
struct hf_call *hf_call_table_find_lease(const struct hf_port *port,
                                         int32_t number);

#endif
