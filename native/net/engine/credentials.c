/* SPDX-License-Identifier: MIT */
#include "net/engine/credentials.h"

#include <string.h>

#include "core/base/alloc.h"
#include "net/base/clock.h"
#include "net/base/system.h"

/* The breaker delays the next login for as long. */
#define REFUSED_NS (5000ull * 1000 * 1000)

void hf_credentials_init(struct hf_credentials *credentials) {
  *credentials = (struct hf_credentials){0};
  hf_error_init(&credentials->refusal);
}

void hf_credentials_finish(struct hf_credentials *credentials) {
  hf_system_wipe_text(credentials->refused);
  hf_system_wipe_text(credentials->used);
  hf_error_finish(&credentials->refusal);
  hf_credentials_init(credentials);
}

bool hf_credentials_is_refusal(const struct hf_error *error) {
  struct hf_evidence evidence = {.phase = HF_PHASE_CONNECT,
                                 .nothing_sent = true};
  /* Services refuse logins for a moment while they start a database. */
  hf_error_evidence(error, &evidence);
  return strncmp(error->sqlstate, "28", 2) == 0 &&
         hf_classify(&evidence).outcome == HF_OUTCOME_PERMANENT;
}

static void keep(char **place, const char *text) {
  char *copy = hf_strndup(text, strlen(text));
  hf_system_wipe_text(*place);
  *place = copy;
}

void hf_credentials_note_refused(struct hf_credentials *credentials,
                                 const char *password,
                                 const struct hf_error *error) {
  keep(&credentials->refused, password);
  credentials->refused_ns = hf_clock_ns();
  hf_error_copy(&credentials->refusal, error);
}

void hf_credentials_note_used(struct hf_credentials *credentials,
                              const char *password) {
  if (password == NULL) {
    return;
  }
  keep(&credentials->used, password);
  if (credentials->refused != NULL &&
      strcmp(credentials->refused, password) == 0) {
    hf_system_wipe_text(credentials->refused);
    credentials->refused = NULL;
  }
}

const struct hf_error *hf_credentials_refusal(
    const struct hf_credentials *credentials,
    const char *password) {
  bool refused = credentials->refused != NULL &&
                 hf_clock_ns() - credentials->refused_ns < REFUSED_NS &&
                 strcmp(credentials->refused, password) == 0;
  return refused ? &credentials->refusal : NULL;
}

void hf_credentials_fail(struct hf_error *error, const char *message) {
  hf_error_set(error, HF_AUTH_ERROR, HF_PHASE_CONNECT, message);
  hf_error_add(error, 'y', "password");
}
