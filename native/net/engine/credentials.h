/* SPDX-License-Identifier: MIT */
/*
 * The passwords of a pool's password function: the one that was refused last,
 * and the one that was accepted last.
 *
 * Ownership: part of the pool.
 *
 * Threads: the engine's thread only.
 */
#ifndef HF_NET_ENGINE_CREDENTIALS_H
#define HF_NET_ENGINE_CREDENTIALS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/error.h"

struct hf_credentials {
  char *refused; /* a password, or NULL */
  uint64_t refused_ns;
  struct hf_error refusal; /* the server's error */
  char *used;              /* the last one that was accepted, or NULL */
};

void hf_credentials_init(struct hf_credentials *credentials);
void hf_credentials_finish(struct hf_credentials *credentials);

/* Returns whether an error means that the password is wrong. */
bool hf_credentials_is_refusal(const struct hf_error *error);

/* Keeps a password that the server has refused, and its error. */
void hf_credentials_note_refused(struct hf_credentials *credentials,
                                 const char *password,
                                 const struct hf_error *error);

/* Keeps a password that was accepted. Accepts NULL. */
void hf_credentials_note_used(struct hf_credentials *credentials,
                              const char *password);

/*
 * Returns the server's error for this password if it was refused in the last
 * seconds, or NULL. Trying it again would count as another failed login.
 */
const struct hf_error *hf_credentials_refusal(
    const struct hf_credentials *credentials,
    const char *password);

/* Fills `error` for a password function that has failed for now. */
void hf_credentials_fail(struct hf_error *error, const char *message);

#endif
