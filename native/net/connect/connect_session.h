/* SPDX-License-Identifier: MIT */
/*
 * Sets a new session up: what hf_connect_job asks for once it is open.
 *
 * Ownership: borrows. Threads: a worker thread.
 */
#ifndef HF_NET_CONNECT_CONNECT_SESSION_H
#define HF_NET_CONNECT_CONNECT_SESSION_H

#include <libpq-fe.h>

#include "holdfast.h"

struct hf_connect_job;

/*
 * Runs the next statements. Returns HF_OK, with job->events set while the
 * socket has to be waited for, or the status with which the job has failed.
 */
HF_NODISCARD enum hf_status hf_connect_session_run(struct hf_connect_job *job);

#endif
