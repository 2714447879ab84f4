/* SPDX-License-Identifier: MIT */
/*
 * How much has come in on a socket: the kernel's count. A file of its own,
 * since the kernel's header does not get on with the C library's.
 *
 * Ownership: nothing. Threads: any.
 */
#ifndef HF_NET_RECEIVED_H
#define HF_NET_RECEIVED_H

#include <stdint.h>

/* Returns the bytes received by this TCP socket; 0 where nobody counts. */
uint64_t hf_received_bytes(int fd);

#endif
