/* SPDX-License-Identifier: MIT */
/*
 * What Linux has and other systems do otherwise, or not at all. With
 * HF_PORTABLE defined Linux takes the other systems' way, for tests.
 *
 * Ownership: said at each function. Threads: any.
 */
#ifndef HF_NET_BASE_SYSTEM_H
#define HF_NET_BASE_SYSTEM_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "holdfast.h"

/* Overwrites memory in a way no compiler leaves out. */
void hf_system_wipe(void *memory, size_t bytes);

/* Overwrites a text and frees it (hf_free). Accepts NULL. */
void hf_system_wipe_text(char *text);

/* Names the calling thread, for debuggers. */
void hf_system_name_thread(const char *name);

/*
 * Returns the microseconds on a clock that goes on while the machine sleeps;
 * `now_us` where there is none.
 */
uint64_t hf_system_boot_us(uint64_t now_us);

/* Joins what is sent into full packets, as long as it is on; or does not. */
void hf_system_cork(int fd, bool on);

/* Returns the bytes received by this TCP socket; 0 where nobody counts. */
uint64_t hf_system_received_bytes(int fd);

/* The clock of timed waits; prepare makes conditions wait by it. */
clockid_t hf_system_wait_clock(void);
void hf_system_set_wait_clock(pthread_condattr_t *attributes);

/*
 * A bell one thread rings and another polls: `read_fd` is readable once it
 * rang, until it is silenced. Both are -1 after a failed open.
 */
struct hf_wakeup {
  int read_fd;
  int write_fd; /* the same, where one will do */
};

/* Opens a bell. Returns 0 or an errno. */
int hf_wakeup_open(struct hf_wakeup *wakeup);
void hf_wakeup_close(struct hf_wakeup *wakeup);
void hf_wakeup_signal(const struct hf_wakeup *wakeup);
void hf_wakeup_clear(const struct hf_wakeup *wakeup);

/*
 * A file with a secret for somebody who wants a name: in memory where there
 * is such a thing, else in the folder for temporary files, until it is closed.
 */
struct hf_secret_file {
  int fd; /* -1 = none */
  char path[64];
};

/* Makes the file of the text. Returns false with errno set. */
HF_NODISCARD bool hf_secret_file_open(struct hf_secret_file *file,
                                      const char *text);
void hf_secret_file_close(struct hf_secret_file *file);

#endif
