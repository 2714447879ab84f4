/* SPDX-License-Identifier: MIT */
/*
 * SipHash-2-4 with 128 bits of output: a hash that nobody can foresee who does
 * not know its key. For names of secrets, which must not be guessed from them.
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

#endif
