/* SPDX-License-Identifier: MIT */
/*
 * The keywords that a target may set. Others never reach libpq, whatever a
 * connection string says.
 *
 * Threads: any.
 */
#ifndef HF_NET_CONNECT_TARGET_KEYS_H
#define HF_NET_CONNECT_TARGET_KEYS_H

#include <stdbool.h>
#include <stddef.h>

enum { HF_TARGET_KEYS = 38 };

enum hf_key_rule {
  HF_KEY_PASS,   /* passed to libpq */
  HF_KEY_SECRET, /* passed to libpq, and wiped */
  HF_KEY_OURS,   /* used by us */
  HF_KEY_FIXED,  /* accepted with the value we set anyway */
  HF_KEY_IGNORED /* accepted, and has no effect */
};

struct hf_target_key {
  const char *name;
  enum hf_key_rule rule;
};

extern const struct hf_target_key hf_target_keys[HF_TARGET_KEYS];

/* Returns the index of a keyword, or -1. */
int hf_target_key_find(const char *name);

/* Returns whether this libpq has the keyword; older ones do not have all. */
bool hf_target_key_is_known(int index);

/* The same for a keyword of hf_libpq_default. */
bool hf_target_default_is_known(size_t index);

#endif
