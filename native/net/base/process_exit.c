/* SPDX-License-Identifier: MIT */
/* Stopping when the process exits. */
#ifndef _WIN32

#include "net/base/process_exit.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "net/base/clock.h"

enum { WAIT_MAX_MS = 100, STEP_NS = 200 * 1000, NS_PER_MS = 1000 * 1000 };

/* Set before the handler is registered. */
static void (*stop_work)(int32_t timeout_ms);
static atomic_bool exiting;
static atomic_int running; /* threads to wait for */
static pid_t owner;        /* a forked child does not have our threads */
static atomic_flag prepared = ATOMIC_FLAG_INIT;

static void pause_briefly(void) {
  struct timespec step = {.tv_sec = 0, .tv_nsec = STEP_NS};
  (void)nanosleep(&step, NULL);
}

static void on_exit_of_process(void) {
  uint64_t until_ns = hf_clock_ns() + (uint64_t)WAIT_MAX_MS * NS_PER_MS;
  if (getpid() != owner || atomic_exchange(&exiting, true)) {
    return;
  }
  stop_work(WAIT_MAX_MS);
  while (atomic_load(&running) > 0 && hf_clock_ns() < until_ns) {
    pause_briefly();
  }
}

void hf_process_exit_prepare(void (*stop)(int32_t timeout_ms)) {
  if (!atomic_flag_test_and_set(&prepared)) {
    stop_work = stop;
    owner = getpid();
    (void)atexit(on_exit_of_process);
  }
}

void hf_process_exit_prepare_after_tls(void) {
  (void)atexit(on_exit_of_process);
}

void hf_process_exit_enter(void) {
  (void)atomic_fetch_add(&running, 1);
}

void hf_process_exit_leave(void) {
  (void)atomic_fetch_sub(&running, 1);
}

void hf_process_exit_checkpoint(void) {
  if (!atomic_load(&exiting)) {
    return;
  }
  hf_process_exit_leave();
  for (;;) {
    (void)pause();
  }
}

#endif
