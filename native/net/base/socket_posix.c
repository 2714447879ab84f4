/* SPDX-License-Identifier: MIT */
#ifndef _WIN32

#if defined(__linux__) && !defined(HF_PORTABLE)
#define ON_LINUX
#endif
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* struct tcp_info */
#endif
#define _DARWIN_C_SOURCE

#include <string.h>
#include <sys/ioctl.h>

#include "net/base/socket.h"

/* glibc's header has an older, shorter struct tcp_info; musl's is complete. */
#ifdef __GLIBC__
#include <linux/tcp.h>
#else
#include <netinet/tcp.h>
#endif

short hf_socket_ready(int fd, short events) {
  struct pollfd polled = {.fd = fd, .events = events};
  (void)poll(&polled, 1, 0);
  return polled.revents;
}

void hf_socket_wait(int fd,
                    short events,
                    int wake_fd,
                    const atomic_bool *stop) {
  struct pollfd polled[2] = {{.fd = fd, .events = events},
                             {.fd = wake_fd, .events = POLLIN}};
  (void)stop;
  (void)poll(polled, 2, -1);
}

bool hf_socket_has_input(int fd) {
  int pending = 0;
  return ioctl(fd, FIONREAD, &pending) == 0 && pending > 0;
}

size_t hf_socket_peek(int fd, void *bytes, size_t n) {
  ssize_t got = recv(fd, bytes, n, MSG_PEEK | MSG_DONTWAIT);
  return got > 0 ? (size_t)got : 0;
}

bool hf_socket_is_connected(int fd) {
  struct sockaddr_storage peer;
  socklen_t bytes = sizeof peer;
  return getpeername(fd, (struct sockaddr *)&peer, &bytes) == 0;
}

bool hf_socket_is_tcp(int fd) {
  struct sockaddr_storage address = {0};
  socklen_t bytes = sizeof address;
  return getsockname(fd, (struct sockaddr *)&address, &bytes) == 0 &&
         address.ss_family != AF_UNIX;
}

int hf_socket_port(int fd) {
  struct sockaddr_storage address = {0};
  socklen_t bytes = sizeof address;
  if (getsockname(fd, (struct sockaddr *)&address, &bytes) != 0) {
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
#ifdef ON_LINUX
  int value = on ? 1 : 0;
  (void)setsockopt(fd, IPPROTO_TCP, TCP_CORK, &value, sizeof value);
#else
  (void)fd;
  (void)on;
#endif
}

uint64_t hf_socket_received_bytes(int fd) {
#ifdef __linux__
  struct tcp_info info;
  socklen_t length = sizeof info;
  memset(&info, 0, sizeof info);
  if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) == 0) {
    return info.tcpi_bytes_received;
  }
#elif defined(__APPLE__)
  struct tcp_connection_info info;
  socklen_t length = sizeof info;
  memset(&info, 0, sizeof info);
  if (getsockopt(fd, IPPROTO_TCP, TCP_CONNECTION_INFO, &info, &length) == 0) {
    return info.tcpi_rxbytes;
  }
#else
  (void)fd;
#endif
  return 0;
}

const char *hf_socket_name_error(int code) {
  return gai_strerror(code);
}

#endif
