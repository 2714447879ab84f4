/* SPDX-License-Identifier: MIT */
/* What the connector's files share; all of it runs on a worker's thread. */
#ifndef HF_NET_CONNECT_CONNECT_JOB_INTERNAL_H
#define HF_NET_CONNECT_CONNECT_JOB_INTERNAL_H

#include <stdbool.h>

#include <libpq-fe.h>

#include "net/connect/connect_job.h"

/*
 * Fails the job with a status of our own and its default sentence; returns
 * the status.
 */
enum hf_status hf_connect_fail(struct hf_connect_job *job,
                               enum hf_status status);

/* Fails the job with what libpq says of its connection. */
enum hf_status hf_connect_fail_by_text(struct hf_connect_job *job);

/*
 * Goes on setting the new session up; fails the job otherwise. HF_OK with
 * job->events set: the socket has to be waited for.
 */
HF_NODISCARD enum hf_status hf_connect_set_up(struct hf_connect_job *job);

/* Stores notices; `arg` is the job. */
void hf_connect_keep_notice(void *arg, const PGresult *notice);

#endif
