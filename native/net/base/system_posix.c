/* SPDX-License-Identifier: MIT */
#ifndef _WIN32

#if defined(__linux__) && !defined(HF_PORTABLE)
#define ON_LINUX
#endif
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* pthread_setname_np, strerror_l, strtod_l */
#endif
#define _DARWIN_C_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "net/base/system.h"
#ifdef __APPLE__
#include <xlocale.h>
#endif
#ifdef ON_LINUX
#include <sys/eventfd.h>
#endif

#include "core/base/alloc.h"

enum { US_PER_SECOND = 1000000, NS_PER_MICROSECOND = 1000, DRAIN_BYTES = 64 };

void hf_system_wipe(void *memory, size_t bytes) {
#ifdef ON_LINUX
  explicit_bzero(memory, bytes);
#else
  volatile unsigned char *at = memory;
  while (bytes-- > 0) {
    *at++ = 0;
  }
#endif
}

void hf_system_wipe_text(char *text) {
  if (text != NULL) {
    hf_system_wipe(text, strlen(text));
    hf_free(text);
  }
}

uint64_t hf_system_boot_us(uint64_t now_us) {
#ifdef ON_LINUX
  struct timespec boot;
  if (clock_gettime(CLOCK_BOOTTIME, &boot) == 0) {
    return (uint64_t)boot.tv_sec * US_PER_SECOND +
           (uint64_t)boot.tv_nsec / NS_PER_MICROSECOND;
  }
#endif
  return now_us;
}

/* ---- the C locale -------------------------------------------------------- */

/* For the life of the process. */
static pthread_once_t locale_once = PTHREAD_ONCE_INIT;
static locale_t c_locale;

static void make_locale(void) {
  c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

double hf_system_strtod(const char *text, char **end) {
  (void)pthread_once(&locale_once, make_locale);
  return c_locale == (locale_t)0 ? strtod(text, end)
                                 : strtod_l(text, end, c_locale);
}

/* ---- threads ------------------------------------------------------------- */

void hf_system_name_thread(const char *name) {
#ifdef __linux__
  (void)pthread_setname_np(pthread_self(), name);
#elif defined(__APPLE__)
  (void)pthread_setname_np(name);
#else
  (void)name;
#endif
}

void hf_system_block_signals(void) {
  sigset_t all;
  (void)sigfillset(&all);
  (void)pthread_sigmask(SIG_BLOCK, &all, NULL);
}

int hf_system_thread_create(pthread_t *thread,
                            size_t stack_bytes,
                            void *(*run)(void *arg),
                            void *arg) {
  pthread_attr_t attributes;
  sigset_t all, before;
  int failed = pthread_attr_init(&attributes);
  if (failed != 0) {
    return failed;
  }
  failed = pthread_attr_setstacksize(&attributes, stack_bytes);
  if (failed == 0) {
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    failed = pthread_create(thread, &attributes, run, arg);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
  }
  (void)pthread_attr_destroy(&attributes);
  return failed;
}

void hf_system_thread_detach(uv_thread_t thread) {
  (void)pthread_detach(thread);
}

clockid_t hf_system_wait_clock(void) {
#ifdef ON_LINUX
  return CLOCK_MONOTONIC;
#else
  return CLOCK_REALTIME;
#endif
}

void hf_system_set_wait_clock(pthread_condattr_t *attributes) {
#ifdef ON_LINUX
  (void)pthread_condattr_setclock(attributes, CLOCK_MONOTONIC);
#else
  (void)attributes;
#endif
}

/* ---- waking up ----------------------------------------------------------- */

#ifdef ON_LINUX

int hf_wakeup_open(struct hf_wakeup *wakeup) {
  wakeup->read_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  wakeup->write_fd = wakeup->read_fd;
  return wakeup->read_fd < 0 ? errno : 0;
}

#else

static bool prepare(int fd) {
  return fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 &&
         fcntl(fd, F_SETFL, O_NONBLOCK) == 0;
}

int hf_wakeup_open(struct hf_wakeup *wakeup) {
  int ends[2];
  int failed;
  *wakeup = (struct hf_wakeup){.read_fd = -1, .write_fd = -1};
  if (pipe(ends) != 0) {
    return errno;
  }
  *wakeup = (struct hf_wakeup){.read_fd = ends[0], .write_fd = ends[1]};
  if (!prepare(ends[0]) || !prepare(ends[1])) {
    failed = errno;
    hf_wakeup_close(wakeup);
    return failed;
  }
  return 0;
}

#endif

void hf_wakeup_close(struct hf_wakeup *wakeup) {
  if (wakeup->write_fd != wakeup->read_fd) {
    (void)close(wakeup->write_fd);
  }
  if (wakeup->read_fd >= 0) {
    (void)close(wakeup->read_fd);
  }
  *wakeup = (struct hf_wakeup){.read_fd = -1, .write_fd = -1};
}

void hf_wakeup_signal(const struct hf_wakeup *wakeup) {
  uint64_t one = 1;
  ssize_t written = write(wakeup->write_fd, &one, sizeof one);
  (void)written; /* when the pipe is full it is readable already */
}

void hf_wakeup_clear(const struct hf_wakeup *wakeup) {
  char buffer[DRAIN_BYTES];
  ssize_t got;
  do {
    got = read(wakeup->read_fd, buffer, sizeof buffer);
  } while (got == (ssize_t)sizeof buffer);
}

/* ---- watching a socket --------------------------------------------------- */

int hf_system_watch_init(uv_loop_t *loop, uv_poll_t *poll, int fd) {
  return -uv_poll_init(loop, poll, fd); /* its codes are negative errnos */
}

/* ---- errors -------------------------------------------------------------- */

int hf_system_errno_of_uv(int code) {
  return -code;
}

int hf_system_number_for_node(int number) {
  return number;
}

const char *hf_system_error_text(int number) {
  (void)pthread_once(&locale_once, make_locale);
  return c_locale == (locale_t)0 ? "" : strerror_l(number, c_locale);
}

int hf_system_find_error(const char *text) {
  static const int numbers[] = {ECONNREFUSED,
                                ECONNRESET,
                                ECONNABORTED,
                                ETIMEDOUT,
                                EHOSTUNREACH,
                                ENETUNREACH,
                                EHOSTDOWN,
                                ENETDOWN,
                                EPIPE,
                                ENOENT,
                                EACCES,
                                EPERM,
                                EADDRNOTAVAIL,
                                EMFILE,
                                ENFILE,
                                ENOBUFS,
                                ENOMEM,
                                EAFNOSUPPORT,
                                ENOTCONN};
  size_t i;
  (void)pthread_once(&locale_once, make_locale);
  for (i = 0; c_locale != (locale_t)0 && i < sizeof numbers / sizeof *numbers;
       i++) {
    if (strstr(text, strerror_l(numbers[i], c_locale)) != NULL) {
      return numbers[i];
    }
  }
  return 0;
}

#endif
