/* SPDX-License-Identifier: MIT */
/*
 * Keyed hashes that cannot be predicted without the key: SipHash by Aumasson
 * and Bernstein. The long one (SipHash-2-4, 128 bits) makes names for secrets;
 * the short one (SipHash-1-3, 64 bits) is for hash tables, so that nobody can
 * choose keys that collide.
 *
 * Threads: any; pure.
 */
#ifndef HF_CORE_BASE_SIPHASH_H
#define HF_CORE_BASE_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

enum { HF_SIPHASH_KEY_BYTES = 16, HF_SIPHASH_BYTES = 16 };

/* Writes the long hash of `bytes` bytes at `data` into `out`. */
void hf_siphash(const uint8_t key[HF_SIPHASH_KEY_BYTES],
                const void *data,
                size_t bytes,
                uint8_t out[HF_SIPHASH_BYTES]);

/* The key of hash tables: random, one per process. */
struct hf_hash_key {
  uint64_t k0, k1;
};

/* Returns the short hash. */
uint64_t hf_hash(const struct hf_hash_key *key, const void *data, size_t bytes);

#endif
