/* SPDX-License-Identifier: MIT */
#include "net/connect/tls_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/alloc.h"

enum { MESSAGE_BYTES = 400, SHOWN = 200, HEAD_BYTES = 64 * 1024 };

static enum hf_status refuse(struct hf_error *error,
                             const char *keyword,
                             const char *path,
                             const char *why) {
  char message[MESSAGE_BYTES];
  (void)snprintf(message,
                 sizeof message,
                 "%s: the file \"%.*s\" %s",
                 keyword,
                 SHOWN,
                 path,
                 why);
  hf_error_set(error, HF_PARAM_INVALID, HF_PHASE_CONNECT, message);
  return HF_PARAM_INVALID;
}

static enum hf_status refuse_errno(struct hf_error *error,
                                   const char *keyword,
                                   const char *path,
                                   int number) {
  char why[64];
  const char *reason = number == ENOENT || number == ENOTDIR ? "it is not there"
                       : number == EACCES || number == EPERM
                           ? "this account may not read it"
                           : "reading it failed";
  (void)snprintf(why, sizeof why, "cannot be used: %s", reason);
  return refuse(error, keyword, path, why);
}

/* Returns whether the beginning of the file is PEM text. */
static bool looks_like_pem(int fd) {
  char *head = hf_alloc(HEAD_BYTES + 1);
  ssize_t got;
  bool found;
  if (head == NULL) {
    return true;
  }
  got = pread(fd, head, HEAD_BYTES, 0);
  head[got < 0 ? 0 : got] = '\0';
  found = strstr(head, "-----BEGIN ") != NULL;
  hf_system_wipe(head, HEAD_BYTES);
  hf_free(head);
  return found;
}

/* libpq's rule: only the owner may read a key or, of root's, the group. */
static bool is_private(const struct stat *status) {
  mode_t others =
      status->st_uid == 0 ? S_IWGRP | S_IXGRP | S_IRWXO : S_IRWXG | S_IRWXO;
  return (status->st_mode & others) == 0;
}

static enum hf_status check_file(const char *keyword,
                                 const char *path,
                                 struct hf_error *error) {
  struct stat status;
  enum hf_status checked = HF_OK;
  bool key = strcmp(keyword, "sslkey") == 0;
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) {
    return refuse_errno(error, keyword, path, errno);
  }
  if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
    checked = refuse(error, keyword, path, "is not a regular file");
  } else if (key && !is_private(&status)) {
    checked = refuse(error,
                     keyword,
                     path,
                     "can be read by others, which libpq refuses: chmod 0600, "
                     "or give its text as ssl: { key }");
  } else if (!looks_like_pem(fd) && !key) {
    checked = refuse(error, keyword, path, "holds no PEM text");
  }
  (void)close(fd);
  return checked;
}

/* libpq also accepts "engine:key" and the authorities of "system". */
static bool is_file(const char *keyword, const char *value) {
  if (strcmp(keyword, "sslkey") == 0) {
    return strchr(value, ':') == NULL;
  }
  return strcmp(keyword, "sslrootcert") != 0 || strcmp(value, "system") != 0;
}

enum hf_status hf_tls_files_check(const struct hf_target *target,
                                  struct hf_error *error) {
  static const char *const keywords[] = {"sslrootcert",
                                         "sslcert",
                                         "sslkey",
                                         "sslcrl"};
  enum hf_status status = HF_OK;
  size_t i;
  if (!hf_target_may_use_tls(target)) {
    return HF_OK;
  }
  for (i = 0; i < sizeof keywords / sizeof *keywords && status == HF_OK; i++) {
    const char *value = hf_target_get(target, keywords[i]);
    if (value != NULL && is_file(keywords[i], value) &&
        hf_target_file(target, keywords[i]) < 0) {
      status = check_file(keywords[i], value, error);
    }
  }
  return status;
}

/* Makes a copy that belongs to this account. */
static bool copy_file(int from, struct hf_secret_file *to) {
  struct stat status;
  size_t bytes;
  char *text;
  bool made = false;
  if (fstat(from, &status) != 0) {
    return false;
  }
  bytes = (size_t)status.st_size;
  text = hf_alloc(bytes + 1);
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

bool hf_tls_files_copy(const struct hf_target *target,
                       struct hf_secret_file copies[HF_TARGET_FILES]) {
  struct stat status;
  bool made = true;
  int i;
  for (i = 0; i < HF_TARGET_FILES; i++) {
    copies[i].fd = -1;
  }
  for (i = 0; i < HF_TARGET_FILES && made; i++) {
    int fd = hf_target_file(target, hf_target_file_keyword(i));
    if (fd >= 0 && fstat(fd, &status) == 0 && status.st_uid != geteuid()) {
      made = copy_file(fd, &copies[i]);
    }
  }
  return made;
}

void hf_tls_files_close(struct hf_secret_file copies[HF_TARGET_FILES]) {
  int i;
  for (i = 0; i < HF_TARGET_FILES; i++) {
    hf_secret_file_close(&copies[i]);
  }
}
