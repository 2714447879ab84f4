/* SPDX-License-Identifier: MIT */
/*
 * What the engine does with a socket beside libpq and libuv, and the headers
 * that declare sockets and names. libpq calls a socket an int on every system.
 *
 * Ownership: sockets are libpq's. Threads: any.
 */
#ifndef HF_NET_BASE_SOCKET_H
#define HF_NET_BASE_SOCKET_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef _WIN32
#include <winsock2.h>
#include <ws2tcpip.h>
enum { EAI_SYSTEM = -1 }; /* no code that Windows returns */
#else
#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#endif

/* Returns what a socket is ready for: poll() without waiting; 0 = nothing. */
short hf_socket_ready(int fd, short events);

/*
 * Waits until the socket is ready for one of `events`, or until `stop` is true,
 * at which `wake_fd` is readable where the system has such a thing.
 */
void hf_socket_wait(int fd, short events, int wake_fd, const atomic_bool *stop);

/* Returns whether there are bytes to be read. */
bool hf_socket_has_input(int fd);

/* Copies bytes that can be read, which stay there. Returns how many. */
size_t hf_socket_peek(int fd, void *bytes, size_t n);

/* Returns whether a connecting socket has a peer by now. */
bool hf_socket_is_connected(int fd);

/* Returns whether it is one of TCP. */
bool hf_socket_is_tcp(int fd);

/* Returns the local port; 0 = a Unix socket. */
int hf_socket_port(int fd);

/* Turns corking on or off: with it only full packets are sent. */
void hf_socket_cork(int fd, bool on);

/* Returns how many bytes a TCP socket has received; 0 = not counted. */
uint64_t hf_socket_received_bytes(int fd);

/* Returns an English sentence for an error of getaddrinfo(). */
const char *hf_socket_name_error(int code);

#endif
