/* SPDX-License-Identifier: MIT */
/*
 * What differs between systems, beside sockets and files: system_posix.c has it
 * for Linux and the others, system_win32.c for Windows. HF_PORTABLE has Linux
 * do as the others, for tests.
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

#include <uv.h>

#include "holdfast.h"

/* Overwrites memory; compilers do not optimise this away. */
void hf_system_wipe(void *memory, size_t bytes);

/* Overwrites a text and frees it (hf_free). Accepts NULL. */
void hf_system_wipe_text(char *text);

/*
 * Returns the time, in microseconds, of a clock that also runs while the
 * machine is suspended; `now_us` on systems without one.
 */
uint64_t hf_system_boot_us(uint64_t now_us);

/* As strtod() in the C locale: the program may have set another one. */
double hf_system_strtod(const char *text, char **end);

/* ---- threads ------------------------------------------------------------- */

/* Names the calling thread, for debuggers. */
void hf_system_name_thread(const char *name);

/* Blocks every signal in the calling thread. */
void hf_system_block_signals(void);

/* Starts a thread with every signal blocked. Returns 0 or an errno. */
int hf_system_thread_create(pthread_t *thread,
                            size_t stack_bytes,
                            void *(*run)(void *arg),
                            void *arg);

/* Lets go of a thread of libuv's, which nobody joins. */
void hf_system_thread_detach(uv_thread_t thread);

/* Returns the clock of timed waits; sets it as the clock of conditions. */
clockid_t hf_system_wait_clock(void);
void hf_system_set_wait_clock(pthread_condattr_t *attributes);

/*
 * Wakes up a thread that waits in hf_socket_wait(): `read_fd` is readable from
 * a signal until it is cleared. Both are -1 when opening failed, and on
 * Windows, where the thread looks by itself.
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

/* ---- watching a socket --------------------------------------------------- */

/* Prepares watching a socket by a loop. Returns 0 or an errno. */
int hf_system_watch_init(uv_loop_t *loop, uv_poll_t *poll, int fd);

/* ---- errors -------------------------------------------------------------- */

/* Returns the errno for a code of libuv's. */
int hf_system_errno_of_uv(int code);

/* Returns libuv's code, without its sign, for an errno: what Node calls it. */
int hf_system_number_for_node(int number);

/* Returns the English sentence for an errno. */
const char *hf_system_error_text(int number);

/* Returns the errno that a text of libpq names; 0 = none. */
int hf_system_find_error(const char *text);

#endif
