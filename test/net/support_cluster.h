/* SPDX-License-Identifier: MIT */
/*
 * A throw-away PostgreSQL with TLS and SCRAM for one test program. It dies
 * with the program.
 */
#ifndef HF_TEST_SUPPORT_CLUSTER_H
#define HF_TEST_SUPPORT_CLUSTER_H

struct support_cluster {
  char folder[64];
  char certificate[96]; /* file: the server's certificate, self-signed */
  int port;             /* of 127.0.0.1 */
  int pid;
};

#define SUPPORT_CLUSTER_USER     "holder"
#define SUPPORT_CLUSTER_PASSWORD "open-sesame"

/* Returns 0, or -1 and says why: no PostgreSQL or openssl, or no start. */
int support_cluster_start(struct support_cluster *cluster);

void support_cluster_stop(struct support_cluster *cluster);

#endif
