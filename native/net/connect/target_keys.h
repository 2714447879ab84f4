/* SPDX-License-Identifier: MIT */
/*
 * The keywords a target may have: an allow-list. What is not in it never
 * reaches libpq, whatever a connection string says.
 *
 * Threads: any.
 */
#ifndef HF_NET_CONNECT_TARGET_KEYS_H
#define HF_NET_CONNECT_TARGET_KEYS_H

#include <stdbool.h>
#include <stddef.h>

enum { HF_TARGET_KEYS = 36 };

enum hf_key_rule {
  HF_KEY_PASS,   /* to libpq as it is */
  HF_KEY_SECRET, /* the same, wiped when freed */
  HF_KEY_OURS,   /* for us, not for libpq */
  HF_KEY_FIXED,  /* only the value we send anyway */
  HF_KEY_IGNORED /* something else of ours governs it */
};

struct hf_target_key {
  const char *name;
  enum hf_key_rule rule;
};

extern const struct hf_target_key hf_target_keys[HF_TARGET_KEYS];

/* Returns the index of a keyword, or -1. */
int hf_target_key_find(const char *name);

/* Returns whether this libpq has the keyword; older ones lack some. */
bool hf_target_key_is_known(int index);

/* The same of the keyword of hf_libpq_default. */
bool hf_target_default_is_known(size_t index);

#endif
