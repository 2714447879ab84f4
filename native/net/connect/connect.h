/* SPDX-License-Identifier: MIT */
/*
 * Opens a connection to a target that may have several hosts, each with several
 * addresses (RFC 8305, "Happy Eyeballs"):
 *
 *   - all names are looked up at the same time;
 *   - each address is tried in an attempt of its own, 250 ms after the one
 *     before it, or at once when that has failed;
 *   - the attempt whose socket is connected first continues. The others are
 *     closed before they have sent anything;
 *   - when it fails, or the server is silent for too long, the next address is
 *     tried.
 *
 * An address that worked is remembered unless it was the first.
 *
 * Ownership: frees itself after `done` or hf_connect_stop.
 * Threads: the engine's thread only.
 */
#ifndef HF_NET_CONNECT_CONNECT_H
#define HF_NET_CONNECT_CONNECT_H

#include <stdbool.h>

#include "net/connect/connect_options.h"

struct hf_connect;

/* Starts. NULL when out of memory. `done` is not called before it returns. */
struct hf_connect *hf_connect_start(const struct hf_connect_options *options);

/* Stops and closes everything; `done` is not called any more. */
void hf_connect_stop(struct hf_connect *connect);

/*
 * Accepts the certificates that `on_certificates` was called with last; or,
 * with a message, does not. Does nothing if they are not waiting for it.
 */
void hf_connect_identify(struct hf_connect *connect, const char *refusal);

/* Returns whether certificates wait for that, and whose they are. */
bool hf_connect_is_identifying(const struct hf_connect *connect,
                               const char **host,
                               const char **pem);

/*
 * Returns whether a time-out is due to this machine: a step was waiting for a
 * worker thread, or a name for the resolver. To be called in `done`.
 */
bool hf_connect_was_delayed_here(const struct hf_connect *connect);

#endif
