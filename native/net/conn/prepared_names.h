/* SPDX-License-Identifier: MIT */
/*
 * When names of prepared statements are given up, and what is better sent
 * without one: a server keeps the types of a statement's parameters as they
 * were when it was prepared.
 *
 * Threads: the engine's thread only.
 */
#ifndef HF_NET_CONN_PREPARED_NAMES_H
#define HF_NET_CONN_PREPARED_NAMES_H

#include <stdbool.h>

struct hf_unit;
struct hf_conn;

/*
 * Returns whether some value of the unit may be read as another value by
 * another type without an error: 2024-01-01T21:00:00+09:00 is not the same
 * moment with and without a time zone.
 */
bool hf_prepared_names_depend_on_type(const struct hf_unit *unit);

/* A command is complete: DDL renews all names, DISCARD forgets them. */
void hf_prepared_names_on_command(struct hf_conn *conn, const char *tag);

#endif
