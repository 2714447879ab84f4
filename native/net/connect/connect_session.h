/* SPDX-License-Identifier: MIT */
/*
 * What happens on a new session before anybody gets it.
 *
 * Ownership: the job's. Threads: a worker's.
 */
#ifndef HF_NET_CONNECT_CONNECT_SESSION_H
#define HF_NET_CONNECT_CONNECT_SESSION_H

#include <libpq-fe.h>

#include "holdfast.h"

struct hf_connect_job;

/*
 * Goes on setting the new session up; fails the job otherwise. HF_OK with
 * job->events set: the socket has to be waited for.
 */
HF_NODISCARD enum hf_status hf_connect_session_run(struct hf_connect_job *job);

#endif
