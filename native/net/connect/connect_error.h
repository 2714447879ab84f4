/* SPDX-License-Identifier: MIT */
/*
 * Errors of connecting, most of them read from libpq's text.
 *
 * Threads: any.
 */
#ifndef HF_NET_CONNECT_CONNECT_ERROR_H
#define HF_NET_CONNECT_CONNECT_ERROR_H

#include <stdbool.h>

#include "core/base/error.h"

/*
 * Fills `error` from `text`, PQerrorMessage() of a failed connection in verbose
 * mode. Returns its status.
 */
enum hf_status hf_connect_error_read(struct hf_error *error, const char *text);

/*
 * The same for a connection that failed before it was sent: an error that names
 * no server is one of settings (HF_PARAM_INVALID).
 */
enum hf_status hf_connect_error_read_start(struct hf_error *error,
                                           const char *text);

/* The message when hf_workers_submit fails, or a socket cannot be polled. */
#define HF_NO_THREAD "could not start a thread"
#define HF_NO_WATCH  "could not wait for the socket"

/*
 * Fills `error` after a failed system call: `what` with the text of an errno.
 * Returns HF_NO_MEMORY or HF_SOCKET_ERROR.
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
