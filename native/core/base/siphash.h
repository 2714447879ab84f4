/* SPDX-License-Identifier: MIT */
/*
 * Hashes that nobody can foresee who does not know their key: SipHash by
 * Aumasson and Bernstein. The long one (2-4, 128 bits) is for names of secrets,
 * which must not be guessed from them; the short one (1-3, 64 bits) for tables,
 * whose keys must not be made to collide.
 *
 * Threads: none; pure.
 */
#ifndef HF_CORE_BASE_SIPHASH_H
#define HF_CORE_BASE_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

enum { HF_SIPHASH_KEY_BYTES = 16, HF_SIPHASH_BYTES = 16 };

/* Writes the hash of `bytes` bytes at `data` into `out`. */
void hf_siphash(const uint8_t key[HF_SIPHASH_KEY_BYTES],
                const void *data,
                size_t bytes,
                uint8_t out[HF_SIPHASH_BYTES]);

/* A table's key: random, one for a process. */
struct hf_hash_key {
  uint64_t k0, k1;
};

/* Returns the short hash. */
uint64_t hf_hash(const struct hf_hash_key *key, const void *data, size_t bytes);

#endif
