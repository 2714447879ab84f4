/* SPDX-License-Identifier: MIT */
/*
 * Makes system calls of the engine fail. The functions are defined here in
 * place of the C library's and libuv's, so that calls by libpq and libuv fail
 * as well. Only calls of counting threads fail, and a thread counts if it was
 * started by one that counts.
 *
 * Threads: any; one failure at a time.
 */
#ifndef HF_TEST_SUPPORT_FAILING_H
#define HF_TEST_SUPPORT_FAILING_H

#include <stdbool.h>

enum function {
  IN_NONE,
  IN_SOCKET,
  IN_CONNECT,
  IN_SETSOCKOPT,
  IN_GETSOCKOPT,
  IN_GETSOCKNAME,
  IN_GETPEERNAME,
  IN_FCNTL,
  IN_SEND,
  IN_RECV,
  IN_POLL,
  IN_GETADDRINFO,
  IN_GETNAMEINFO,
  IN_PTHREAD_CREATE,
  IN_EVENTFD,
  IN_EPOLL_CREATE1,
  IN_UV_THREAD_CREATE_EX,
  IN_UV_LOOP_INIT,
  IN_UV_ASYNC_INIT,
  IN_UV_POLL_INIT,
  IN_UV_POLL_START,
  IN_UV_RANDOM
};

/* Which function fails, and with what: an errno, or the function's own code. */
struct failure {
  const char *name;
  enum function function;
  int code;
};

/*
 * From now on the n-th call (from 0) of the function fails, or with `all` each
 * one from there; borrows the failure until failing_end.
 */
void failing_begin(const struct failure *failure, int n, bool all);
void failing_end(void);

/* Whether a call has failed since failing_begin. */
bool failing_happened(void);

/* Whether calls of this thread, and threads it starts, count. */
void failing_count(bool count);

#endif
