/* SPDX-License-Identifier: MIT */
#include "net/connect/tls_files.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

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

/* Returns what is wrong with a file that could be opened; NULL = nothing. */
static const char *judge_file(bool key,
                              const char *head,
                              const struct hf_file_facts *facts) {
  if (!facts->regular) {
    return "is not a regular file";
  }
  if (key && !facts->is_private) {
    return "can be read by others, which libpq refuses: chmod 0600, "
           "or give its text as ssl: { key }";
  }
  return key || strstr(head, "-----BEGIN ") != NULL ? NULL
                                                    : "holds no PEM text";
}

static enum hf_status check_file(const char *keyword,
                                 const char *path,
                                 struct hf_error *error) {
  bool key = strcmp(keyword, "sslkey") == 0;
  struct hf_file_facts facts;
  const char *wrong;
  int failed;
  char *head = hf_alloc(HEAD_BYTES + 1);
  if (head == NULL) {
    return HF_OK; /* libpq will say what is wrong */
  }
  failed = hf_file_look(path, head, key ? 0 : HEAD_BYTES, &facts);
  head[facts.bytes > HEAD_BYTES ? 0 : facts.bytes] = '\0';
  wrong = failed == 0 ? judge_file(key, head, &facts) : NULL;
  hf_free(head);
  if (failed != 0) {
    return refuse_errno(error, keyword, path, failed);
  }
  return wrong == NULL ? HF_OK : refuse(error, keyword, path, wrong);
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

bool hf_tls_files_copy(const struct hf_target *target,
                       struct hf_secret_file copies[HF_TARGET_FILES]) {
  bool made = true;
  int i;
  for (i = 0; i < HF_TARGET_FILES; i++) {
    copies[i].fd = -1;
  }
  for (i = 0; i < HF_TARGET_FILES && made; i++) {
    int fd = hf_target_file(target, hf_target_file_keyword(i));
    made = fd < 0 || hf_secret_file_copy(fd, &copies[i]);
  }
  return made;
}

void hf_tls_files_close(struct hf_secret_file copies[HF_TARGET_FILES]) {
  int i;
  for (i = 0; i < HF_TARGET_FILES; i++) {
    hf_secret_file_close(&copies[i]);
  }
}
