/* SPDX-License-Identifier: MIT */
/*
 * What glibc 2.28 does not have and a newer one's headers, or its compiler's
 * libraries, ask for. Linked into the binaries of a release, so that they run
 * where Node itself does. See scripts/release/glibc.js.
 */
#define HIDDEN __attribute__((visibility("hidden")))

/* Until 2.33 stat() and its like were inline, around these. */
#ifdef __aarch64__
enum { STAT_VERSION = 0 };
#else
enum { STAT_VERSION = 1 };
#endif

struct stat;
int __xstat(int version, const char *path, struct stat *into);
int __lxstat(int version, const char *path, struct stat *into);
int __fxstat(int version, int fd, struct stat *into);

HIDDEN int stat(const char *path, struct stat *into) {
  return __xstat(STAT_VERSION, path, into);
}

HIDDEN int lstat(const char *path, struct stat *into) {
  return __lxstat(STAT_VERSION, path, into);
}

HIDDEN int fstat(int fd, struct stat *into) {
  return __fxstat(STAT_VERSION, fd, into);
}

/* The same where addresses have 64 bits. */
HIDDEN int stat64(const char *path, struct stat *into) {
  return __xstat(STAT_VERSION, path, into);
}

HIDDEN int lstat64(const char *path, struct stat *into) {
  return __lxstat(STAT_VERSION, path, into);
}

HIDDEN int fstat64(int fd, struct stat *into) {
  return __fxstat(STAT_VERSION, fd, into);
}

/* libstdc++ then always counts references atomically. */
HIDDEN char __libc_single_threaded = 0;

/*
 * Where an exception's tables are: nowhere. The addon is compiled without
 * exceptions, and a thread that ends is unwound by the system's libgcc_s.
 */
HIDDEN int _dl_find_object(void *pc, void *result) {
  (void)pc;
  (void)result;
  return -1;
}
