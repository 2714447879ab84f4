/* SPDX-License-Identifier: MIT */
/*
 * Files that libpq reads: what it would refuse, and secrets, which it reads
 * from files only.
 *
 * Ownership: what is open is the caller's. Threads: any.
 */
#ifndef HF_NET_BASE_FILE_H
#define HF_NET_BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "holdfast.h"

/* What is known of a file. */
struct hf_file_facts {
  bool regular;
  bool is_private; /* as libpq wants it of keys */
  size_t bytes;    /* that were read; SIZE_MAX = reading failed */
};

/*
 * Reads the first bytes of a file, up to `max`. Returns 0, or the errno with
 * which it could not be opened.
 */
int hf_file_look(const char *path,
                 char *head,
                 size_t max,
                 struct hf_file_facts *facts);

/*
 * A file with a secret, for libpq: in memory on Linux, elsewhere in the folder
 * for temporary files. It is gone when it is closed.
 */
enum {
#ifdef _WIN32
  HF_FILE_PATH_BYTES = 320
#else
  HF_FILE_PATH_BYTES = 64
#endif
};
struct hf_secret_file {
  int fd; /* -1 = none */
  char path[HF_FILE_PATH_BYTES];
};

/* Makes a file of the text; false = failed, errno says why. */
HF_NODISCARD bool hf_secret_file_open(struct hf_secret_file *file,
                                      const char *text);
void hf_secret_file_close(struct hf_secret_file *file);

/*
 * Copies a secret file that belongs to another account, as after setuid(): this
 * one cannot open it. Leaves `copy` as it is where none is needed. Returns
 * false when it cannot be made.
 */
HF_NODISCARD bool hf_secret_file_copy(int fd, struct hf_secret_file *copy);

#endif
