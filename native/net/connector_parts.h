/* SPDX-License-Identifier: MIT */
/* What the connector's files share; all of it runs on a worker's thread. */
#ifndef HF_NET_CONNECTOR_PARTS_H
#define HF_NET_CONNECTOR_PARTS_H

#include <stdbool.h>

#include <libpq-fe.h>

#include "net/connector.h"

struct hf_target;

/* Addresses as libpq's parallel lists; NULL = leave the keyword out. */
struct hf_routes {
  char *hosts;
  char *addresses;
  char *ports;
};

/*
 * Looks up every address of every host. Blocks; cannot be interrupted.
 * Returns HF_OK, HF_NAME_ERROR, HF_PARAM_INVALID or HF_NO_MEMORY, the last
 * three with `error` filled in.
 */
HF_NODISCARD enum hf_status hf_routes_find(const struct hf_target *target,
                                           struct hf_routes *routes,
                                           struct hf_error *error);

/* Frees the lists. Accepts zeroed memory. */
void hf_routes_finish(struct hf_routes *routes);

/*
 * Waits until the connection's socket is ready. Returns HF_OK,
 * HF_CONNECT_TIMEOUT, HF_ABORTED when told to stop, or HF_SOCKET_ERROR.
 */
HF_NODISCARD enum hf_status hf_connect_wait(const struct hf_connect_job *job,
                                            short events);

/*
 * Fails the job with a status of our own and its default sentence; returns
 * the status.
 */
enum hf_status hf_connect_fail(struct hf_connect_job *job,
                               enum hf_status status);

/* Fails the job with what libpq says of its connection. */
enum hf_status hf_connect_fail_by_text(struct hf_connect_job *job);

/* Sets the new session up; fails the job otherwise. */
HF_NODISCARD enum hf_status hf_connect_set_up(struct hf_connect_job *job);

/* Stores notices; `arg` is the job. */
void hf_connect_keep_notice(void *arg, const PGresult *notice);

#endif
