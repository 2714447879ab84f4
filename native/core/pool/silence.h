/* SPDX-License-Identifier: MIT */
/*
 * Judges a connection on which a statement runs and nothing arrives: is the
 * statement slow, or the connection lost? The server is asked. Only findings
 * about the server, or about our session there, end a connection.
 *
 * Ownership: plain data in the slot.
 * Threads: none; one thread at a time.
 */
#ifndef HF_CORE_POOL_SILENCE_H
#define HF_CORE_POOL_SILENCE_H

#include <stdbool.h>
#include <stdint.h>

/* What asking the server about a silent connection brought. */
enum hf_finding {
  HF_FINDING_NONE,    /* nothing: the problem is on our side */
  HF_FINDING_ALIVE,   /* it answers; nothing is known about the statement */
  HF_FINDING_RUNNING, /* our statement runs there */
  HF_FINDING_IDLE,    /* our session is idle there: the answer was lost */
  HF_FINDING_GONE,    /* our session does not exist */
  HF_FINDING_ABSENT, /* our session does not exist here, but this may be another
                        server: one address can lead to several */
  HF_FINDING_DEAD    /* it does not answer */
};

struct hf_silence {
  int32_t doubt;            /* grows with each bad finding in a row */
  uint64_t server;          /* the server that answered last; 0 = unknown */
  uint64_t previous_server; /* the one that answered before it */
  bool many_servers;        /* the address leads to more than one server */
  enum hf_finding last_bad; /* the last bad finding */
};

/* Starts over, because the server has sent something. */
void hf_silence_reset(struct hf_silence *silence);

/*
 * Notes a finding. `server` identifies the server that answered; 0 = unknown.
 * Returns true when the connection must be given up.
 */
bool hf_silence_judge(struct hf_silence *silence,
                      enum hf_finding finding,
                      uint64_t server);

/* Returns why it is given up: static text, or NULL for the default sentence. */
const char *hf_silence_reason(const struct hf_silence *silence);

#endif
