/* SPDX-License-Identifier: MIT */
/* What tests know of their process: see support_port.h. */
#define _GNU_SOURCE

#include <dirent.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support_port_internal.h"

#ifdef __SANITIZE_THREAD__
/*
 * Descriptors' numbers are reused, and ThreadSanitizer reports a race between
 * two uses that only the kernel orders: when the end of a thread that nobody
 * joins is awaited, and when libuv drops a socket that libpq has closed.
 */
const char *__tsan_default_suppressions(void)
    __attribute__((visibility("default")));
const char *__tsan_default_suppressions(void) {
  return "race:closedir\nrace:opendir\nrace:epoll_ctl\n";
}
#endif

void support_must(bool ok, const char *what) {
  if (!ok) {
    (void)fprintf(stderr, "test support: %s failed\n", what);
    abort();
  }
}

struct timespec support_limit(void) {
  struct timespec at;
  (void)clock_gettime(CLOCK_REALTIME, &at);
  at.tv_sec += WAIT_S;
  return at;
}

bool support_is_slow(void) {
  const char *build = getenv("HOLDFAST_TEST_BUILD");
  return build != NULL && strcmp(build, "debug") != 0;
}

void support_until(bool (*holds)(void *ctx), void *ctx, const char *what) {
  int left = WAIT_S * 1000 / POLL_MS;
  while (!holds(ctx)) {
    (void)poll(NULL, 0, POLL_MS);
    support_must(left-- > 0, what);
  }
}

static bool is_ours(const char *thread) {
  char path[PATH_BYTES];
  char name[NAME_BYTES] = "";
  FILE *file;
  (void)snprintf(path, sizeof path, "/proc/self/task/%s/comm", thread);
  file = fopen(path, "r");
  if (file == NULL) {
    return false;
  }
  (void)!fgets(name, sizeof name, file);
  (void)fclose(file);
  return strncmp(name, "hf-", 3) == 0;
}

static int count_entries(const char *path, bool (*counts)(const char *name)) {
  DIR *folder = opendir(path);
  struct dirent *entry;
  int n = 0;
  support_must(folder != NULL, path);
  while ((entry = readdir(folder)) != NULL) {
    if (entry->d_name[0] != '.' && (counts == NULL || counts(entry->d_name))) {
      n++;
    }
  }
  (void)closedir(folder);
  return n;
}

int support_count_threads(void) {
  return count_entries("/proc/self/task", is_ours);
}

int support_count_fds(void) {
  return count_entries("/proc/self/fd", NULL) - 1;
}

static bool is_gone(void *ctx) {
  (void)ctx;
  return support_count_threads() == 0;
}

void support_wait_engine_gone(void) {
  support_until(is_gone, NULL, "the end of the engine's threads");
}
