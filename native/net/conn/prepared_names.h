/* SPDX-License-Identifier: MIT */
/*
 * When the names of prepared statements expire, and which units are better sent
 * unnamed: a server keeps the types of a statement's parameters as they were
 * when it was prepared.
 *
 * Threads: the engine's thread only.
 */
#ifndef HF_NET_CONN_PREPARED_NAMES_H
#define HF_NET_CONN_PREPARED_NAMES_H

#include <stdbool.h>

struct hf_unit;
struct hf_conn;

/*
 * Returns whether some value of the unit means something else, without an
 * error, under another type: 2024-01-01T21:00:00+09:00 with and without a time
 * zone.
 */
bool hf_prepared_names_depend_on_type(const struct hf_unit *unit);

/*
 * A command has completed: expires all names after DDL, drops those of the
 * connection after DISCARD ALL.
 */
void hf_prepared_names_on_command(struct hf_conn *conn, const char *tag);

#endif
