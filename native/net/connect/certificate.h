/* SPDX-License-Identifier: MIT */
/*
 * The certificates a server has shown.
 *
 * Threads: the one that runs the connection's step.
 */
#ifndef HF_NET_CONNECT_CERTIFICATE_H
#define HF_NET_CONNECT_CERTIFICATE_H

#include <libpq-fe.h>

/*
 * Returns the chain of a connection that uses TLS and has checked it, as PEM
 * text: the server's own certificate first. The caller frees it. NULL when out
 * of memory, or when no chain was checked.
 */
char *hf_certificate_chain(PGconn *connection);

#endif
