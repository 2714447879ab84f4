/* SPDX-License-Identifier: MIT */
/*
 * Stands in front of libc's network: one port of this machine may be connected
 * to, and no name is looked up. For one file of a program.
 */
#ifndef HF_TEST_FUZZ_NETWORK_H
#define HF_TEST_FUZZ_NETWORK_H

#include <dlfcn.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fuzz.h"

static atomic_int served; /* the one port that may be connected to */

int connect(int fd, const struct sockaddr *address, socklen_t bytes);

/*
 * Replaces libc's: whatever address an input names, nothing leaves this
 * process.
 */
int connect(int fd, const struct sockaddr *address, socklen_t bytes) {
  struct sockaddr_in place;
  if (address->sa_family == AF_INET && bytes >= sizeof place) {
    memcpy(&place, address, sizeof place);
    if (place.sin_addr.s_addr == htonl(INADDR_LOOPBACK) &&
        ntohs(place.sin_port) == atomic_load(&served)) {
      return (int)syscall(SYS_connect, fd, address, bytes);
    }
  }
  errno = ECONNREFUSED;
  return -1;
}

typedef int resolver(const char *,
                     const char *,
                     const struct addrinfo *,
                     struct addrinfo **);

/* Addresses are parsed, names are not looked up. */
int getaddrinfo(const char *restrict node,
                const char *restrict service,
                const struct addrinfo *restrict hints,
                struct addrinfo **restrict out) {
  resolver *real = NULL;
  if (hints == NULL || (hints->ai_flags & AI_NUMERICHOST) == 0) {
    return EAI_NONAME;
  }
  *(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
  demand(real != NULL);
  return real(node, service, hints, out);
}

#endif
