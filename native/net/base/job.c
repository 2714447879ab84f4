/* SPDX-License-Identifier: MIT */
#include "net/base/job.h"

void hf_job_init(struct hf_job *job,
                 void (*run)(struct hf_job *job),
                 void (*done)(struct hf_job *job),
                 void (*drop)(struct hf_job *job)) {
  *job = (struct hf_job){.run = run, .done = done, .drop = drop, .wake_fd = -1};
  atomic_init(&job->stop, false);
}
