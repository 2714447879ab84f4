/* SPDX-License-Identifier: MIT */
/* Worker threads: order, limits, abandoned jobs, the end. */
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/alloc.h"
#include "core/base/list.h"
#include "net/base/worker.h"
#include "support_run.h"

struct task {
  struct hf_job job;
  bool deaf; /* does not look at stop */
  struct support_gate *started;
  struct support_gate *may_end; /* NULL = ends at once */
  struct support_gate *ended;   /* by done or drop */
  atomic_bool done, dropped, stopped;
};

static struct task *task_of(struct hf_job *job) {
  return HF_CONTAINER_OF(job, struct task, job);
}

static void run(struct hf_job *job) {
  struct task *task = task_of(job);
  support_gate_open(task->started);
  if (task->may_end == NULL) {
    return;
  }
  if (task->deaf) {
    support_gate_wait(task->may_end);
    return;
  }
  while (!support_gate_is_open(task->may_end)) {
    struct pollfd polled = {.fd = job->wake_fd, .events = POLLIN};
    if (poll(&polled, 1, 1) > 0) {
      atomic_store(&task->stopped, atomic_load(&job->stop));
      return;
    }
  }
}

static void on_done(struct hf_job *job) {
  struct task *task = task_of(job);
  atomic_store(&task->done, true);
  support_gate_open(task->ended);
}

static void on_drop(struct hf_job *job) {
  struct task *task = task_of(job);
  atomic_store(&task->dropped, true);
  support_gate_open(task->ended);
}

static void task_init(struct task *task, bool waits) {
  memset(task, 0, sizeof *task);
  hf_job_init(&task->job, run, on_done, on_drop);
  task->started = support_gate_new();
  task->ended = support_gate_new();
  task->may_end = waits ? support_gate_new() : NULL;
}

static void task_finish(struct task *task) {
  support_gate_free(task->started);
  support_gate_free(task->ended);
  if (task->may_end != NULL) {
    support_gate_free(task->may_end);
  }
}

static struct hf_workers *make(int max, int reserve) {
  struct hf_workers *workers = NULL;
  assert_int_equal(hf_workers_new(max, reserve, &workers), HF_OK);
  return workers;
}

static void submit(struct hf_workers *workers, struct task *task, bool urgent) {
  assert_int_equal(hf_workers_submit(workers, &task->job, urgent), HF_OK);
}

static void a_job_is_run_and_done(void **state) {
  struct hf_workers *workers = make(2, 0);
  struct task task;
  (void)state;
  task_init(&task, false);
  submit(workers, &task, false);
  support_gate_wait(task.ended);
  assert_true(task.done);
  assert_false(task.dropped);
  assert_false(hf_workers_abandon(workers, &task.job));
  hf_workers_finish(workers, 5000);
  task_finish(&task);
}

static void an_urgent_job_has_a_thread_of_its_own(void **state) {
  struct hf_workers *workers = make(2, 1);
  struct task blocker, second, urgent;
  (void)state;
  task_init(&blocker, true);
  task_init(&second, false);
  task_init(&urgent, false);
  submit(workers, &blocker, false);
  support_gate_wait(blocker.started);
  submit(workers, &second, false);
  submit(workers, &urgent, true);
  support_gate_wait(urgent.ended);
  assert_false(support_gate_is_open(second.started));
  support_gate_open(blocker.may_end);
  support_gate_wait(second.ended);
  hf_workers_finish(workers, 5000);
  task_finish(&blocker);
  task_finish(&second);
  task_finish(&urgent);
}

static void a_queued_job_can_be_given_up(void **state) {
  struct hf_workers *workers = make(1, 0);
  struct task blocker, queued;
  (void)state;
  task_init(&blocker, true);
  task_init(&queued, false);
  submit(workers, &blocker, false);
  support_gate_wait(blocker.started);
  submit(workers, &queued, false);
  assert_true(hf_workers_abandon(workers, &queued.job));
  assert_true(queued.dropped);
  support_gate_open(blocker.may_end);
  support_gate_wait(blocker.ended);
  assert_true(blocker.done);
  hf_workers_finish(workers, 5000);
  assert_false(support_gate_is_open(queued.started));
  task_finish(&blocker);
  task_finish(&queued);
}

static void a_running_job_is_asked_to_stop_and_dropped(void **state) {
  struct hf_workers *workers = make(1, 0);
  struct task task;
  (void)state;
  task_init(&task, true);
  submit(workers, &task, false);
  support_gate_wait(task.started);
  assert_true(hf_workers_abandon(workers, &task.job));
  support_gate_wait(task.ended);
  assert_true(task.dropped);
  assert_true(task.stopped);
  assert_false(task.done);
  hf_workers_finish(workers, 5000);
  task_finish(&task);
}

static void two_stuck_threads_are_replaced_and_a_third_is_not(void **state) {
  struct hf_workers *workers = make(1, 0);
  struct task stuck[3], last;
  int i;
  (void)state;
  for (i = 0; i < 3; i++) {
    task_init(&stuck[i], true);
    stuck[i].deaf = true;
    submit(workers, &stuck[i], false);
    support_gate_wait(stuck[i].started);
    assert_true(hf_workers_abandon(workers, &stuck[i].job));
  }
  task_init(&last, false);
  submit(workers, &last, false);
  assert_int_equal(hf_workers_count(workers).threads, 3);
  assert_int_equal(hf_workers_count(workers).stuck, 3);
  assert_int_equal(hf_workers_count(workers).queued, 1);
  assert_false(support_gate_is_open(last.started));
  for (i = 2; i >= 0; i--) {
    support_gate_open(stuck[i].may_end);
    support_gate_wait(stuck[i].ended);
    assert_true(stuck[i].dropped);
  }
  support_gate_wait(last.ended);
  assert_true(last.done);
  hf_workers_finish(workers, 5000);
  for (i = 0; i < 3; i++) {
    task_finish(&stuck[i]);
  }
  task_finish(&last);
}

static void threads_beyond_the_limit_end(void **state) {
  struct hf_workers *workers = make(1, 0);
  struct task stuck, next;
  (void)state;
  task_init(&stuck, true);
  stuck.deaf = true;
  task_init(&next, true);
  submit(workers, &stuck, false);
  support_gate_wait(stuck.started);
  assert_true(hf_workers_abandon(workers, &stuck.job));
  submit(workers, &next, false);
  support_gate_wait(next.started);
  assert_int_equal(hf_workers_count(workers).threads, 2);
  support_gate_open(stuck.may_end);
  while (hf_workers_count(workers).threads != 1) {
    (void)poll(NULL, 0, 1);
  }
  support_gate_open(next.may_end);
  support_gate_wait(next.ended);
  hf_workers_finish(workers, 5000);
  task_finish(&stuck);
  task_finish(&next);
}

static void parking_stops_all_jobs_and_calls_no_done(void **state) {
  struct hf_workers *workers = make(2, 0);
  struct task running, queued, late;
  (void)state;
  task_init(&running, true);
  task_init(&queued, false);
  task_init(&late, false);
  submit(workers, &running, false);
  support_gate_wait(running.started);
  assert_true(hf_workers_park(workers, 5000));
  assert_true(running.stopped);
  assert_false(running.done);
  assert_false(running.dropped);
  assert_int_equal(hf_workers_submit(workers, &late.job, false),
                   HF_POOL_CLOSED);
  hf_workers_finish(workers, 5000);
  assert_true(running.dropped);
  task_finish(&running);
  task_finish(&queued);
  task_finish(&late);
}

static void parking_does_not_wait_for_stuck_threads(void **state) {
  struct hf_workers *workers = make(1, 0);
  struct task stuck;
  (void)state;
  task_init(&stuck, true);
  stuck.deaf = true;
  submit(workers, &stuck, false);
  support_gate_wait(stuck.started);
  assert_false(hf_workers_park(workers, 20));
  support_gate_open(stuck.may_end);
  hf_workers_finish(workers, 5000);
  assert_true(stuck.dropped);
  task_finish(&stuck);
}

static void a_stuck_thread_outlives_the_workers(void **state) {
  struct hf_workers *workers = make(2, 0);
  struct task stuck, queued;
  (void)state;
  task_init(&stuck, true);
  stuck.deaf = true;
  task_init(&queued, true);
  submit(workers, &stuck, false);
  support_gate_wait(stuck.started);
  submit(workers, &queued, false);
  hf_workers_finish(workers, 20);
  assert_true(queued.dropped);
  assert_false(stuck.dropped);
  support_gate_open(stuck.may_end);
  support_gate_wait(stuck.ended);
  assert_true(stuck.dropped);
  task_finish(&stuck);
  task_finish(&queued);
}

static bool never(void *ctx) {
  (void)ctx;
  return false;
}

static void without_a_thread_submitting_fails(void **state) {
  struct hf_workers *workers = make(2, 0);
  struct task task;
  (void)state;
  task_init(&task, false);
  hf_alloc_set_hook(never, NULL);
  assert_int_equal(hf_workers_submit(workers, &task.job, false),
                   HF_SOCKET_ERROR);
  hf_alloc_set_hook(NULL, NULL);
  submit(workers, &task, false);
  support_gate_wait(task.ended);
  hf_workers_finish(workers, 5000);
  task_finish(&task);
}

enum { MANY = 200 };

static void many_jobs_end_exactly_once(void **state) {
  static struct task tasks[MANY];
  struct hf_workers *workers = make(4, 1);
  int end_status = 0;
  int i;
  (void)state;
  for (i = 0; i < MANY; i++) {
    task_init(&tasks[i], false);
    submit(workers, &tasks[i], i % 3 == 0);
    if (i % 5 == 0 && hf_workers_abandon(workers, &tasks[i].job)) {
      end_status++;
    }
  }
  for (i = 0; i < MANY; i++) {
    support_gate_wait(tasks[i].ended);
    assert_true(tasks[i].done != tasks[i].dropped);
    end_status -= tasks[i].dropped ? 1 : 0;
  }
  assert_int_equal(end_status, 0);
  hf_workers_finish(workers, 5000);
  for (i = 0; i < MANY; i++) {
    task_finish(&tasks[i]);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_job_is_run_and_done),
      cmocka_unit_test(an_urgent_job_has_a_thread_of_its_own),
      cmocka_unit_test(a_queued_job_can_be_given_up),
      cmocka_unit_test(a_running_job_is_asked_to_stop_and_dropped),
      cmocka_unit_test(two_stuck_threads_are_replaced_and_a_third_is_not),
      cmocka_unit_test(threads_beyond_the_limit_end),
      cmocka_unit_test(parking_stops_all_jobs_and_calls_no_done),
      cmocka_unit_test(parking_does_not_wait_for_stuck_threads),
      cmocka_unit_test(a_stuck_thread_outlives_the_workers),
      cmocka_unit_test(without_a_thread_submitting_fails),
      cmocka_unit_test(many_jobs_end_exactly_once),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
