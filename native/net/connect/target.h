/* SPDX-License-Identifier: MIT */
/*
 * Where and how to connect: values of those libpq keywords that we allow.
 *
 * Ownership: counts references; the last hf_target_unref frees it and wipes
 *            secrets.
 * Threads:   set up on one thread, read-only afterwards; references on any.
 */
#ifndef HF_NET_CONNECT_TARGET_H
#define HF_NET_CONNECT_TARGET_H

#include <stdbool.h>
#include <stddef.h>

#include "holdfast.h"

struct hf_error;
struct hf_target;

/* Returns a target with one reference, or NULL when out of memory. */
struct hf_target *hf_target_new(void);

/*
 * Sets a keyword; copies. An empty value removes it. Besides libpq's keywords
 * there are sslrootcert_pem, sslcert_pem and sslkey_pem, whose values are PEM
 * texts; ssl_servername, the name in the certificate where that is not `host`;
 * and ssl_identity, "ask": each server's certificates have to be accepted.
 * Returns HF_OK, HF_NO_MEMORY, or HF_PARAM_INVALID with `error` naming the
 * keyword but not its value. To be called before the target is shared.
 */
HF_NODISCARD enum hf_status hf_target_set(struct hf_target *target,
                                          const char *key,
                                          const char *value,
                                          struct hf_error *error);

/* Returns a keyword's value, or NULL. Borrowed until the last unref. */
const char *hf_target_get(const struct hf_target *target, const char *key);

enum { HF_TARGET_FILES = 3 };

/* Returns the i-th keyword whose file can be given as PEM text. */
const char *hf_target_file_keyword(int i);

/* Returns the descriptor of the file made from PEM text, or -1. */
int hf_target_file(const struct hf_target *target, const char *keyword);

/* Returns whether hf_target_set would accept the keyword. */
bool hf_target_knows(const char *key);

/* Adds a reference; returns its argument. */
struct hf_target *hf_target_ref(struct hf_target *target);

/* Gives a reference back. Accepts NULL. */
void hf_target_unref(struct hf_target *target);

enum { HF_TARGET_PARAMS_MAX = 72 };

/*
 * Sets start-up options with the pool's settings. To be called before the
 * target is shared. Returns HF_OK or HF_NO_MEMORY.
 */
HF_NODISCARD enum hf_status hf_target_set_session(struct hf_target *target,
                                                  const char *options);

/* Returns the start-up options with the pool's settings, or NULL. */
const char *hf_target_session(const struct hf_target *target);

/*
 * Fills in the arrays for PQconnectStartParams, ended by NULL, without host,
 * hostaddr and port. Borrowed until the last unref. Returns how many.
 */
size_t hf_target_params(const struct hf_target *target,
                        const char *keywords[HF_TARGET_PARAMS_MAX],
                        const char *values[HF_TARGET_PARAMS_MAX]);

/*
 * Omits a start-up parameter that the server refuses from now on, if it is a
 * name for display only. Returns whether that changes anything. Any thread.
 */
bool hf_target_omit(struct hf_target *target, const char *parameter);

/* Returns whether a connection to the target may use TLS. */
bool hf_target_may_use_tls(const struct hf_target *target);

/*
 * Remembers the certificates that were accepted last. Without memory none are.
 * The engine's thread only.
 */
void hf_target_approve(struct hf_target *target, const char *pem);

/* Returns whether these are they. The engine's thread only. */
bool hf_target_has_approved(const struct hf_target *target, const char *pem);

/*
 * Remembers an address that worked, for some minutes, to be tried first. NULL
 * forgets it. Without memory nothing is remembered. The engine's thread only.
 */
void hf_target_remember(struct hf_target *target,
                        const char *host,
                        const char *address,
                        const char *port);

/* Returns whether this is the remembered address. The engine's thread only. */
bool hf_target_remembers(const struct hf_target *target,
                         const char *host,
                         const char *address,
                         const char *port);

#endif
