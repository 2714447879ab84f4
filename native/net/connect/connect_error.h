/* SPDX-License-Identifier: MIT */
/*
 * What libpq's text says of a connection that could not be opened.
 *
 * Threads: any.
 */
#ifndef HF_NET_CONNECT_CONNECT_ERROR_H
#define HF_NET_CONNECT_CONNECT_ERROR_H

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

#endif
