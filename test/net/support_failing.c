/* SPDX-License-Identifier: MIT */
/* Calls that fail: see the header. */
#define _GNU_SOURCE

#include "support_failing.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <uv.h>

static const struct failure *failure; /* changed only while no call fails */
static _Atomic(enum function) failing;
static atomic_int left; /* calls until one fails; below 0 after that */
static atomic_bool all; /* every call from then on fails */

/* Set in the engine's threads: a thread that counts starts them. */
static _Thread_local bool counts;

static bool fails(enum function function) {
  return counts && atomic_load(&failing) == function &&
         (atomic_fetch_sub(&left, 1) == 0 || atomic_load(&all));
}

static int fail_with_errno(void) {
  errno = failure->code;
  return -1;
}

#define VISIBLE    __attribute__((visibility("default")))
#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

VISIBLE int socket(int family, int kind, int protocol) {
  return fails(IN_SOCKET) ? fail_with_errno()
                          : REAL(socket)(family, kind, protocol);
}

VISIBLE int connect(int fd, const struct sockaddr *address, socklen_t bytes) {
  return fails(IN_CONNECT) ? fail_with_errno()
                           : REAL(connect)(fd, address, bytes);
}

VISIBLE int setsockopt(int fd,
                       int level,
                       int name,
                       const void *value,
                       socklen_t bytes) {
  return fails(IN_SETSOCKOPT) ? fail_with_errno()
                              : REAL(setsockopt)(fd, level, name, value, bytes);
}

VISIBLE int getsockopt(int fd,
                       int level,
                       int name,
                       void *value,
                       socklen_t *bytes) {
  return fails(IN_GETSOCKOPT) ? fail_with_errno()
                              : REAL(getsockopt)(fd, level, name, value, bytes);
}

VISIBLE int getsockname(int fd, struct sockaddr *address, socklen_t *bytes) {
  return fails(IN_GETSOCKNAME) ? fail_with_errno()
                               : REAL(getsockname)(fd, address, bytes);
}

VISIBLE int getpeername(int fd, struct sockaddr *address, socklen_t *bytes) {
  return fails(IN_GETPEERNAME) ? fail_with_errno()
                               : REAL(getpeername)(fd, address, bytes);
}

static int pass_fcntl(int fd, int command, va_list arguments) {
  /* No command in use takes more than one argument. */
  long argument = va_arg(arguments, long);
  return fails(IN_FCNTL) ? fail_with_errno()
                         : REAL(fcntl)(fd, command, argument);
}

VISIBLE int fcntl(int fd, int command, ...) {
  va_list arguments;
  int result;
  va_start(arguments, command);
  result = pass_fcntl(fd, command, arguments);
  va_end(arguments);
  return result;
}

VISIBLE int fcntl64(int fd, int command, ...);
VISIBLE int fcntl64(int fd, int command, ...) {
  va_list arguments;
  int result;
  va_start(arguments, command);
  result = pass_fcntl(fd, command, arguments);
  va_end(arguments);
  return result;
}

VISIBLE ssize_t send(int fd, const void *data, size_t bytes, int flags) {
  if (fails(IN_SEND)) {
    /*
     * libpq hides this error until reading fails too, as it would after a
     * reset.
     */
    (void)shutdown(fd, SHUT_RDWR);
    return fail_with_errno();
  }
  return REAL(send)(fd, data, bytes, flags);
}

VISIBLE ssize_t recv(int fd, void *data, size_t bytes, int flags) {
  return fails(IN_RECV) ? fail_with_errno()
                        : REAL(recv)(fd, data, bytes, flags);
}

VISIBLE int poll(struct pollfd *fds, nfds_t n, int timeout_ms) {
  return fails(IN_POLL) ? fail_with_errno() : REAL(poll)(fds, n, timeout_ms);
}

VISIBLE int getaddrinfo(const char *name,
                        const char *service,
                        const struct addrinfo *hints,
                        struct addrinfo **found) {
  if (fails(IN_GETADDRINFO)) {
    errno = EMFILE; /* only meaningful with EAI_SYSTEM */
    return failure->code;
  }
  return REAL(getaddrinfo)(name, service, hints, found);
}

VISIBLE int getnameinfo(const struct sockaddr *address,
                        socklen_t bytes,
                        char *host,
                        socklen_t host_bytes,
                        char *service,
                        socklen_t service_bytes,
                        int flags) {
  return fails(IN_GETNAMEINFO) ? failure->code
                               : REAL(getnameinfo)(address,
                                                   bytes,
                                                   host,
                                                   host_bytes,
                                                   service,
                                                   service_bytes,
                                                   flags);
}

VISIBLE int eventfd(unsigned value, int flags) {
  return fails(IN_EVENTFD) ? fail_with_errno() : REAL(eventfd)(value, flags);
}

VISIBLE int epoll_create1(int flags) {
  return fails(IN_EPOLL_CREATE1) ? fail_with_errno()
                                 : REAL(epoll_create1)(flags);
}

struct beginning {
  void *(*run)(void *arg);
  void *arg;
};

static void *begin_counting(void *arg) {
  struct beginning beginning = *(struct beginning *)arg;
  free(arg);
  counts = true;
  return beginning.run(beginning.arg);
}

VISIBLE int pthread_create(pthread_t *thread,
                           const pthread_attr_t *attributes,
                           void *(*run)(void *arg),
                           void *arg) {
  struct beginning *beginning;
  int failed;
  if (!counts) {
    return REAL(pthread_create)(thread, attributes, run, arg);
  }
  if (fails(IN_PTHREAD_CREATE)) {
    return failure->code;
  }
  beginning = malloc(sizeof *beginning);
  if (beginning == NULL) {
    abort();
  }
  *beginning = (struct beginning){run, arg};
  failed = REAL(pthread_create)(thread, attributes, begin_counting, beginning);
  if (failed != 0) {
    free(beginning);
  }
  return failed;
}

VISIBLE int uv_thread_create_ex(uv_thread_t *thread,
                                const uv_thread_options_t *options,
                                uv_thread_cb run,
                                void *arg) {
  return fails(IN_UV_THREAD_CREATE_EX)
             ? failure->code
             : REAL(uv_thread_create_ex)(thread, options, run, arg);
}

VISIBLE int uv_loop_init(uv_loop_t *loop) {
  return fails(IN_UV_LOOP_INIT) ? failure->code : REAL(uv_loop_init)(loop);
}

VISIBLE int uv_async_init(uv_loop_t *loop, uv_async_t *async, uv_async_cb cb) {
  return fails(IN_UV_ASYNC_INIT) ? failure->code
                                 : REAL(uv_async_init)(loop, async, cb);
}

VISIBLE int uv_poll_init(uv_loop_t *loop, uv_poll_t *handle, int fd) {
  return fails(IN_UV_POLL_INIT) ? failure->code
                                : REAL(uv_poll_init)(loop, handle, fd);
}

VISIBLE int uv_poll_start(uv_poll_t *handle, int events, uv_poll_cb cb) {
  return fails(IN_UV_POLL_START) ? failure->code
                                 : REAL(uv_poll_start)(handle, events, cb);
}

VISIBLE int uv_random(uv_loop_t *loop,
                      uv_random_t *request,
                      void *buffer,
                      size_t bytes,
                      unsigned flags,
                      uv_random_cb cb) {
  return fails(IN_UV_RANDOM)
             ? failure->code
             : REAL(uv_random)(loop, request, buffer, bytes, flags, cb);
}

void failing_begin(const struct failure *what, int n, bool each) {
  failure = what;
  atomic_store(&left, n);
  atomic_store(&all, each);
  atomic_store(&failing, what->function);
}

void failing_end(void) {
  atomic_store(&failing, IN_NONE);
}

bool failing_happened(void) {
  return atomic_load(&left) < 0;
}

void failing_count(bool count) {
  counts = count;
}
