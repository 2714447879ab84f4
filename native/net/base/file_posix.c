/* SPDX-License-Identifier: MIT */
#ifndef _WIN32

#if defined(__linux__) && !defined(HF_PORTABLE)
#define ON_LINUX
#endif
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* memfd_create */
#endif
#define _DARWIN_C_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "net/base/file.h"
#ifdef ON_LINUX
#include <sys/mman.h>
#endif

#include "core/base/alloc.h"
#include "net/base/system.h"

/* libpq's rule: only the owner may read a key or, of root's, the group. */
static bool is_private(const struct stat *status) {
  mode_t others =
      status->st_uid == 0 ? S_IWGRP | S_IXGRP | S_IRWXO : S_IRWXG | S_IRWXO;
  return (status->st_mode & others) == 0;
}

int hf_file_look(const char *path,
                 char *head,
                 size_t max,
                 struct hf_file_facts *facts) {
  struct stat status;
  ssize_t got;
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  *facts = (struct hf_file_facts){0};
  if (fd < 0) {
    return errno;
  }
  if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode)) {
    facts->regular = true;
    facts->is_private = is_private(&status);
    got = pread(fd, head, max, 0);
    facts->bytes = got < 0 ? SIZE_MAX : (size_t)got;
  }
  (void)close(fd);
  return 0;
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

static bool copy_file(int from, size_t bytes, struct hf_secret_file *to) {
  char *text = hf_alloc(bytes + 1);
  bool made = false;
  if (text == NULL) {
    return false;
  }
  if (pread(from, text, bytes, 0) == (ssize_t)bytes) {
    text[bytes] = '\0';
    made = hf_secret_file_open(to, text);
  }
  hf_system_wipe(text, bytes);
  hf_free(text);
  return made;
}

bool hf_secret_file_copy(int fd, struct hf_secret_file *copy) {
  struct stat status;
  return fstat(fd, &status) != 0 || status.st_uid == geteuid() ||
         copy_file(fd, (size_t)status.st_size, copy);
}

#endif
