/* SPDX-License-Identifier: MIT */
/*
 * Runs a job to its end for tests: submits it, waits for `done` and, while
 * there is more to do, for its socket.
 *
 * Threads: the test's own waits; `support_done` runs on the worker.
 */
#ifndef HF_TEST_SUPPORT_RUN_H
#define HF_TEST_SUPPORT_RUN_H

#include <stdbool.h>

#include "net/base/worker.h"
#include "net/connect/connect_job.h"

struct hf_target;

struct support_gate;

/* A gate that opens once and can be waited for; aborts without memory. */
struct support_gate *support_gate_new(void);
void support_gate_open(struct support_gate *gate);
/* Waits; aborts the program after ten seconds. */
void support_gate_wait(struct support_gate *gate);
bool support_gate_is_open(struct support_gate *gate);
void support_gate_free(struct support_gate *gate);

/*
 * Connects and returns the job, which the caller frees: finished, or with
 * certificates that wait to be accepted.
 */
struct hf_connect_job *support_connect(struct hf_workers *workers,
                                       struct hf_connect_job *job);

/* Makes a job for support_connect, with a time limit. */
struct hf_connect_job *support_connect_job(struct hf_target *target,
                                           int timeout_ms);

/* A target for a port of 127.0.0.1, sslmode=disable. */
struct hf_target *support_target(int port);

/* Sets a keyword that must be accepted. */
void support_set(struct hf_target *target, const char *key, const char *value);

#endif
