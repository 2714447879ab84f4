/* SPDX-License-Identifier: MIT */
#if defined(__linux__) && !defined(HF_PORTABLE)
#define ON_LINUX
#endif
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* memfd_create, pthread_setname_np, struct tcp_info */
#endif
#define _DARWIN_C_SOURCE

#include "net/base/system.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/base/alloc.h"

/* glibc's header has an older, shorter struct tcp_info; musl's is complete. */
#ifdef __GLIBC__
#include <linux/tcp.h>
#else
#include <netinet/tcp.h>
#endif
#ifdef ON_LINUX
#include <sys/eventfd.h>
#include <sys/mman.h>
#endif

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

void hf_system_name_thread(const char *name) {
#ifdef __linux__
  (void)pthread_setname_np(pthread_self(), name);
#elif defined(__APPLE__)
  (void)pthread_setname_np(name);
#else
  (void)name;
#endif
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

void hf_system_cork(int fd, bool on) {
#ifdef ON_LINUX
  int value = on ? 1 : 0;
  (void)setsockopt(fd, IPPROTO_TCP, TCP_CORK, &value, sizeof value);
#else
  (void)fd;
  (void)on;
#endif
}

uint64_t hf_system_received_bytes(int fd) {
#ifdef __linux__
  struct tcp_info info;
  socklen_t length = sizeof info;
  memset(&info, 0, sizeof info);
  if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) == 0) {
    return info.tcpi_bytes_received;
  }
#elif defined(__APPLE__)
  struct tcp_connection_info info;
  socklen_t length = sizeof info;
  memset(&info, 0, sizeof info);
  if (getsockopt(fd, IPPROTO_TCP, TCP_CONNECTION_INFO, &info, &length) == 0) {
    return info.tcpi_rxbytes;
  }
#else
  (void)fd;
#endif
  return 0;
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

/* ---- secret files -------------------------------------------------------- */

static bool write_all(int fd, const char *text, size_t bytes) {
  while (bytes > 0) {
    ssize_t written = write(fd, text, bytes);
    if (written < 0 && errno == EINTR) {
      continue;
    }
    if (written <= 0) {
      return false;
    }
    text += written;
    bytes -= (size_t)written;
  }
  return true;
}

static int open_temporary(struct hf_secret_file *file) {
#ifdef ON_LINUX
  file->fd = memfd_create("holdfast-pem", MFD_CLOEXEC);
  (void)snprintf(file->path, sizeof file->path, "/proc/self/fd/%d", file->fd);
#else
  (void)snprintf(file->path, sizeof file->path, "/tmp/holdfast-pem-XXXXXX");
  file->fd = mkstemp(file->path);
  if (file->fd >= 0) {
    (void)fcntl(file->fd, F_SETFD, FD_CLOEXEC);
  }
#endif
  return file->fd;
}

bool hf_secret_file_open(struct hf_secret_file *file, const char *text) {
  if (open_temporary(file) < 0) {
    return false;
  }
  /* libpq refuses keys that others may read. */
  if (!write_all(file->fd, text, strlen(text)) ||
      fchmod(file->fd, S_IRUSR | S_IWUSR) != 0) {
    hf_secret_file_close(file);
    return false;
  }
  return true;
}

void hf_secret_file_close(struct hf_secret_file *file) {
  if (file->fd < 0) {
    return;
  }
#ifndef ON_LINUX
  (void)unlink(file->path);
#endif
  (void)close(file->fd);
  file->fd = -1;
  file->path[0] = '\0';
}
