/* SPDX-License-Identifier: MIT */
/*
 * A connection that says nothing while a statement runs on it: a long
 * statement, or a lost one? Somebody asks its server; only what was learnt
 * about that server, or about our statement there, ends a connection.
 *
 * Ownership: plain data in the slot.
 * Threads: none; one thread at a time.
 */
#ifndef HF_CORE_POOL_SILENCE_H
#define HF_CORE_POOL_SILENCE_H

#include <stdbool.h>
#include <stdint.h>

/* What asking the server of a silent connection brought. */
enum hf_finding {
  HF_FINDING_NONE,    /* nothing: the trouble was on our side */
  HF_FINDING_ALIVE,   /* it answers; of the statement nothing is known */
  HF_FINDING_RUNNING, /* our statement runs there */
  HF_FINDING_IDLE,    /* our session waits for us: the answer is lost */
  HF_FINDING_GONE,    /* our session is not there any more */
  HF_FINDING_ABSENT,  /* nor here, but this may be another server: an address
                         can lead to several */
  HF_FINDING_DEAD     /* it does not answer */
};

struct hf_silence {
  int32_t doubt;            /* grows with every bad finding in a row */
  uint64_t server;          /* who answered last, if that is known; else 0 */
  uint64_t previous_server; /* and who had answered before that one */
  bool many_servers;        /* the address leads to more than one server */
  enum hf_finding last_bad; /* the last bad one */
};

/* Starts anew: something was heard. */
void hf_silence_reset(struct hf_silence *silence);

/*
 * Takes a finding; `server` tells servers apart, 0 = not known. Returns true
 * when the connection is to be given up.
 */
bool hf_silence_judge(struct hf_silence *silence,
                      enum hf_finding finding,
                      uint64_t server);

/* Says why it is given up. */
const char *hf_silence_reason(const struct hf_silence *silence);

#endif
