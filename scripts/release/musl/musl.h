/* SPDX-License-Identifier: MIT */
/*
 * Lets the headers of a libstdc++ that was made for glibc compile with musl's
 * C headers. Nothing of that library is linked: see binding/runtime.cc.
 */
#ifdef __cplusplus
#define __GLIBC_PREREQ(major, minor) 0
#define __locale_t locale_t
#include <bits/c++config.h>
#undef _GLIBCXX_USE_PTHREAD_COND_CLOCKWAIT
#undef _GLIBCXX_USE_PTHREAD_MUTEX_CLOCKLOCK
#undef _GLIBCXX_USE_PTHREAD_RWLOCK_CLOCKLOCK
#endif
