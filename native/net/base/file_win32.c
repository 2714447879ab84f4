/* SPDX-License-Identifier: MIT */
/* libpq and OpenSSL take paths as the C library's fopen() does. */
#ifdef _WIN32

#include <errno.h>
#include <fcntl.h>
#include <io.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <windows.h>

#include "net/base/file.h"
#include "net/base/system.h"

/* Every file: nobody but its owner need be kept out by the mode of a file. */
static bool is_regular(int fd) {
  struct _stat64 status;
  return _fstat64(fd, &status) == 0 && (status.st_mode & _S_IFREG) != 0;
}

int hf_file_look(const char *path,
                 char *head,
                 size_t max,
                 struct hf_file_facts *facts) {
  int got;
  int fd = _open(path, _O_RDONLY | _O_BINARY | _O_NOINHERIT);
  *facts = (struct hf_file_facts){0};
  if (fd < 0) {
    return errno;
  }
  if (is_regular(fd)) {
    facts->regular = true;
    facts->is_private = true; /* modes say nothing here, and libpq asks not */
    got = _read(fd, head, (unsigned)max);
    facts->bytes = got < 0 ? SIZE_MAX : (size_t)got;
  }
  (void)_close(fd);
  return 0;
}

/* The folder is the account's own: nobody else may read what is in it. */
static bool name_temporary(char path[HF_FILE_PATH_BYTES]) {
  char folder[MAX_PATH + 1];
  return GetTempPathA(sizeof folder, folder) != 0 &&
         GetTempFileNameA(folder, "hf", 0, path) != 0;
}

static bool write_file(const char *path, const char *text) {
  size_t bytes = strlen(text);
  FILE *file = fopen(path, "wb");
  bool written = file != NULL && fwrite(text, 1, bytes, file) == bytes;
  return file != NULL && fclose(file) == 0 && written;
}

bool hf_secret_file_open(struct hf_secret_file *file, const char *text) {
  if (!name_temporary(file->path)) {
    errno = ENOENT;
    return false;
  }
  file->fd = 0; /* it is there; no descriptor stays open */
  if (!write_file(file->path, text)) {
    hf_secret_file_close(file);
    return false;
  }
  return true;
}

void hf_secret_file_close(struct hf_secret_file *file) {
  if (file->fd >= 0) {
    (void)DeleteFileA(file->path);
    file->fd = -1;
    file->path[0] = '\0';
  }
}

/* A thread that acts for another account reads it all the same, or cannot. */
bool hf_secret_file_copy(int fd, struct hf_secret_file *copy) {
  (void)fd;
  (void)copy;
  return true;
}

#endif
