/* SPDX-License-Identifier: MIT */
/*
 * What libpq's text says of a connection that could not be opened.
 *
 * Threads: any.
 */
#ifndef HF_NET_CONNECT_CONNECT_ERROR_H
#define HF_NET_CONNECT_CONNECT_ERROR_H

#include <stdbool.h>

#include "core/base/error.h"

/*
 * Reads what a failed connection's libpq text says: fills `error` with phase
 * HF_PHASE_CONNECT. `text` is that of PQerrorMessage in verbose mode. Returns
 * the status. Pure; for tests and for connections that break later.
 */
enum hf_status hf_connect_error_read(struct hf_error *error, const char *text);

/*
 * The same for a connection that failed before it asked anybody: what is not
 * about a server is about the settings, and nobody but the user can mend it.
 */
enum hf_status hf_connect_error_read_start(struct hf_error *error,
                                           const char *text);

/* What it says when hf_workers_submit fails, or a socket cannot be polled. */
#define HF_NO_THREAD "could not start a thread"
#define HF_NO_WATCH  "could not wait for the socket"

/*
 * Fills `error` with what the system refused us, and why; returns the status:
 * HF_NO_MEMORY or HF_SOCKET_ERROR.
 */
enum hf_status hf_connect_error_system(struct hf_error *error,
                                       int number,
                                       const char *what);

/*
 * Moves `error` to `kept` unless that says more: a server's own words say more
 * than no answer.
 */
void hf_connect_error_keep(struct hf_error *kept, struct hf_error *error);

/* Returns whether every other address would answer the same. */
bool hf_connect_error_is_final(const struct hf_error *error);

#endif
