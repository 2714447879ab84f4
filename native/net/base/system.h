/* SPDX-License-Identifier: MIT */
/*
 * What Linux does differently from other systems. HF_PORTABLE has Linux do as
 * the others, for tests.
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

/* Overwrites memory; compilers do not optimise this away. */
void hf_system_wipe(void *memory, size_t bytes);

/* Overwrites a text and frees it (hf_free). Accepts NULL. */
void hf_system_wipe_text(char *text);

/* Names the calling thread, for debuggers. */
void hf_system_name_thread(const char *name);

/*
 * Returns the time, in microseconds, of a clock that also runs while the
 * machine is suspended; `now_us` on systems without one.
 */
uint64_t hf_system_boot_us(uint64_t now_us);

/* Turns corking on or off: with it only full packets are sent. */
void hf_system_cork(int fd, bool on);

/* Returns how many bytes a TCP socket has received; 0 = not counted. */
uint64_t hf_system_received_bytes(int fd);

/* Returns the clock of timed waits; sets it as the clock of conditions. */
clockid_t hf_system_wait_clock(void);
void hf_system_set_wait_clock(pthread_condattr_t *attributes);

/*
 * Wakes up a thread that waits in poll(): `read_fd` is readable from a signal
 * until it is cleared. Both are -1 when opening failed.
 */
struct hf_wakeup {
  int read_fd;
  int write_fd; /* may be the same */
};

/* Returns 0 or an errno. */
int hf_wakeup_open(struct hf_wakeup *wakeup);
void hf_wakeup_close(struct hf_wakeup *wakeup);
void hf_wakeup_signal(const struct hf_wakeup *wakeup);
void hf_wakeup_clear(const struct hf_wakeup *wakeup);

/*
 * A file with a secret, for libpq, which reads secrets from files only: in
 * memory on Linux, elsewhere in /tmp. It is gone when it is closed.
 */
struct hf_secret_file {
  int fd; /* -1 = none */
  char path[64];
};

/* Makes a file of the text; false = failed, errno says why. */
HF_NODISCARD bool hf_secret_file_open(struct hf_secret_file *file,
                                      const char *text);
void hf_secret_file_close(struct hf_secret_file *file);

#endif
