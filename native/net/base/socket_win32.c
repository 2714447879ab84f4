/* SPDX-License-Identifier: MIT */
#ifdef _WIN32

/* <mstcpip.h> needs what the other brings */
/* clang-format off */
#include "net/base/socket.h"

#include <mstcpip.h>
/* clang-format on */
#include <string.h>

/* How long a wait goes on after it was to stop: there is nothing to wake it. */
enum { SLICE_MS = 20, US_PER_MS = 1000 };

/*
 * select(), because before Windows 10 2004 WSAPoll() does not see that a
 * connection was refused.
 */
static short wait_ready(int fd, short events, long timeout_us) {
  SOCKET socket = (SOCKET)fd;
  struct timeval limit = {.tv_sec = 0, .tv_usec = timeout_us};
  fd_set in, out, failed;
  short ready = 0;
  FD_ZERO(&in);
  FD_ZERO(&out);
  FD_ZERO(&failed);
  FD_SET(socket, &failed);
  if ((events & POLLIN) != 0) {
    FD_SET(socket, &in);
  }
  if ((events & POLLOUT) != 0) {
    FD_SET(socket, &out);
  }
  if (select(0, &in, &out, &failed, &limit) <= 0) {
    return 0;
  }
  ready = (short)(FD_ISSET(socket, &in) ? events & POLLIN : 0);
  ready = (short)(ready | (FD_ISSET(socket, &out) ? events & POLLOUT : 0));
  return (short)(ready | (FD_ISSET(socket, &failed) ? POLLERR : 0));
}

short hf_socket_ready(int fd, short events) {
  return wait_ready(fd, events, 0);
}

void hf_socket_wait(int fd,
                    short events,
                    int wake_fd,
                    const atomic_bool *stop) {
  (void)wake_fd;
  while (!atomic_load(stop) &&
         wait_ready(fd, events, SLICE_MS * US_PER_MS) == 0) {
  }
}

bool hf_socket_has_input(int fd) {
  u_long pending = 0;
  return ioctlsocket((SOCKET)fd, FIONREAD, &pending) == 0 && pending > 0;
}

/* libpq's sockets never block. */
size_t hf_socket_peek(int fd, void *bytes, size_t n) {
  int got = recv((SOCKET)fd, bytes, (int)n, MSG_PEEK);
  return got > 0 ? (size_t)got : 0;
}

bool hf_socket_is_connected(int fd) {
  struct sockaddr_storage peer;
  int bytes = sizeof peer;
  return getpeername((SOCKET)fd, (struct sockaddr *)&peer, &bytes) == 0;
}

bool hf_socket_is_tcp(int fd) {
  struct sockaddr_storage address = {0};
  int bytes = sizeof address;
  return getsockname((SOCKET)fd, (struct sockaddr *)&address, &bytes) == 0 &&
         address.ss_family != AF_UNIX;
}

int hf_socket_port(int fd) {
  struct sockaddr_storage address = {0};
  int bytes = sizeof address;
  if (getsockname((SOCKET)fd, (struct sockaddr *)&address, &bytes) != 0) {
    return 0;
  }
  if (address.ss_family == AF_INET) {
    return ntohs(((struct sockaddr_in *)(void *)&address)->sin_port);
  }
  return address.ss_family == AF_INET6
             ? ntohs(((struct sockaddr_in6 *)(void *)&address)->sin6_port)
             : 0;
}

void hf_socket_cork(int fd, bool on) {
  (void)fd;
  (void)on;
}

/* Windows counts them from 10 1703 on. */
uint64_t hf_socket_received_bytes(int fd) {
#ifdef SIO_TCP_INFO
  DWORD version = 0;
  DWORD bytes = 0;
  TCP_INFO_v0 info;
  memset(&info, 0, sizeof info);
  if (WSAIoctl((SOCKET)fd,
               SIO_TCP_INFO,
               &version,
               sizeof version,
               &info,
               sizeof info,
               &bytes,
               NULL,
               NULL) == 0) {
    return info.BytesIn;
  }
#else
  (void)fd;
#endif
  return 0;
}

const char *hf_socket_name_error(int code) {
  switch (code) {
  case EAI_NONAME:
  case WSANO_DATA:
    return "the name is not known";
  case EAI_AGAIN:
    return "the name server did not answer";
  case EAI_FAIL:
    return "the name server failed";
  default:
    return "the look-up failed";
  }
}

#endif
