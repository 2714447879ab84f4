/* SPDX-License-Identifier: MIT */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* struct tcp_info, with musl */
#endif
#include "received.h"

#include <string.h>

#ifdef __linux__
#include <netinet/in.h>
#include <sys/socket.h>

/* glibc's header has an older, shorter struct; musl's is complete. */
#ifdef __GLIBC__
#include <linux/tcp.h>
#else
#include <netinet/tcp.h>
#endif

uint64_t hf_received_bytes(int fd) {
  struct tcp_info info;
  socklen_t length = sizeof info;
  memset(&info, 0, sizeof info);
  if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) != 0) {
    return 0;
  }
  return info.tcpi_bytes_received;
}

#else

uint64_t hf_received_bytes(int fd) {
  (void)fd;
  return 0;
}

#endif
