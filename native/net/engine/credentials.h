/* SPDX-License-Identifier: MIT */
/*
 * What a pool knows of the passwords its function gave: which one was refused
 * a moment ago, and which one let us in last.
 *
 * Ownership: part of the pool; hf_credentials_finish wipes.
 * Threads: the engine's thread only.
 */
#ifndef HF_NET_ENGINE_CREDENTIALS_H
#define HF_NET_ENGINE_CREDENTIALS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/error.h"

struct hf_credentials {
  char *refused; /* the password; or NULL */
  uint64_t refused_ns;
  struct hf_error refusal; /* what the server said to it */
  char *used;              /* the last one that was taken; or NULL */
};

void hf_credentials_init(struct hf_credentials *credentials);
void hf_credentials_finish(struct hf_credentials *credentials);

/* Returns whether an error says that the password is the trouble. */
bool hf_credentials_is_refusal(const struct hf_error *error);

/* Keeps a password the server did not take, and its words. */
void hf_credentials_note_refused(struct hf_credentials *credentials,
                                 const char *password,
                                 const struct hf_error *error);

/* A password was taken; NULL is fine. */
void hf_credentials_note_used(struct hf_credentials *credentials,
                              const char *password);

/*
 * Returns what the server said to this password in the last seconds, or NULL:
 * it need not hear it again, and count it.
 */
const struct hf_error *hf_credentials_refusal(
    const struct hf_credentials *credentials,
    const char *password);

/* Says that the function failed, which may pass. */
void hf_credentials_fail(struct hf_error *error, const char *message);

#endif
