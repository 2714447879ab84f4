/* SPDX-License-Identifier: MIT */
#include "core/pool/silence.h"

#include <stddef.h>

enum {
  DOUBT_MAX = 8,
  SURE = 4,  /* about our own session: two findings are enough */
  UNSURE = 1 /* another server may have answered instead */
};

void hf_silence_reset(struct hf_silence *silence) {
  silence->doubt = 0;
}

/*
 * Servers that answer in turn (A, B, A) mean that one address leads to several.
 */
static void note_server(struct hf_silence *silence, uint64_t server) {
  if (server == 0 || server == silence->server) {
    return;
  }
  silence->many_servers =
      silence->many_servers || server == silence->previous_server;
  silence->previous_server = silence->server;
  silence->server = server;
  silence->doubt = 0;
}

bool hf_silence_judge(struct hf_silence *silence,
                      enum hf_finding finding,
                      uint64_t server) {
  note_server(silence, server);
  switch (finding) {
  case HF_FINDING_NONE:
    return false;
  case HF_FINDING_ALIVE:
  case HF_FINDING_RUNNING:
    silence->doubt = 0;
    return false;
  case HF_FINDING_ABSENT:
    silence->doubt += silence->many_servers ? 0 : UNSURE;
    break;
  case HF_FINDING_IDLE:
  case HF_FINDING_GONE:
  case HF_FINDING_DEAD:
    silence->doubt += SURE;
    break;
  }
  silence->last_bad = finding;
  return silence->doubt >= DOUBT_MAX;
}

const char *hf_silence_reason(const struct hf_silence *silence) {
  switch (silence->last_bad) {
  case HF_FINDING_IDLE:
    return "the server has finished this statement, but its answer did not "
           "arrive: it was lost on the way";
  case HF_FINDING_GONE:
  case HF_FINDING_ABSENT:
    return "the server does not know this session any more, and no answer "
           "arrived";
  case HF_FINDING_NONE:
  case HF_FINDING_ALIVE:
  case HF_FINDING_RUNNING:
  case HF_FINDING_DEAD:
    break;
  }
  return NULL; /* the default sentence */
}
