/* SPDX-License-Identifier: MIT */
/* SipHash-2-4-128 and SipHash-1-3, as their authors describe them. */
#include "core/base/siphash.h"

enum {
  WORD_BYTES = 8,
  ROUNDS = 2,
  FINAL_ROUNDS = 4,
  SHORT_ROUNDS = 1,
  SHORT_FINAL_ROUNDS = 3
};

struct state {
  uint64_t v0, v1, v2, v3;
};

static uint64_t rotate(uint64_t x, int by) {
  return x << by | x >> (64 - by);
}

static uint64_t load(const uint8_t *at, size_t bytes) {
  uint64_t word = 0;
  size_t i;
  for (i = 0; i < bytes; i++) {
    word |= (uint64_t)at[i] << (8 * i);
  }
  return word;
}

static void store(uint8_t *at, uint64_t word) {
  size_t i;
  for (i = 0; i < WORD_BYTES; i++) {
    at[i] = (uint8_t)(word >> (8 * i));
  }
}

static void mix(struct state *s, int rounds) {
  while (rounds-- > 0) {
    s->v0 += s->v1;
    s->v1 = rotate(s->v1, 13) ^ s->v0;
    s->v0 = rotate(s->v0, 32);
    s->v2 += s->v3;
    s->v3 = rotate(s->v3, 16) ^ s->v2;
    s->v0 += s->v3;
    s->v3 = rotate(s->v3, 21) ^ s->v0;
    s->v2 += s->v1;
    s->v1 = rotate(s->v1, 17) ^ s->v2;
    s->v2 = rotate(s->v2, 32);
  }
}

static void take(struct state *s, uint64_t word, int rounds) {
  s->v3 ^= word;
  mix(s, rounds);
  s->v0 ^= word;
}

static uint64_t folded(const struct state *s) {
  return s->v0 ^ s->v1 ^ s->v2 ^ s->v3;
}

void hf_siphash(const uint8_t key[HF_SIPHASH_KEY_BYTES],
                const void *data,
                size_t bytes,
                uint8_t out[HF_SIPHASH_BYTES]) {
  uint64_t k0 = load(key, WORD_BYTES);
  uint64_t k1 = load(key + WORD_BYTES, WORD_BYTES);
  struct state s = {k0 ^ 0x736f6d6570736575u,
                    k1 ^ 0x646f72616e646f6du ^ 0xeeu,
                    k0 ^ 0x6c7967656e657261u,
                    k1 ^ 0x7465646279746573u};
  const uint8_t *at = data;
  size_t left = bytes;
  for (; left >= WORD_BYTES; left -= WORD_BYTES, at += WORD_BYTES) {
    take(&s, load(at, WORD_BYTES), ROUNDS);
  }
  take(&s, load(at, left) | (uint64_t)bytes << 56, ROUNDS);
  s.v2 ^= 0xeeu;
  mix(&s, FINAL_ROUNDS);
  store(out, folded(&s));
  s.v1 ^= 0xddu;
  mix(&s, FINAL_ROUNDS);
  store(out + WORD_BYTES, folded(&s));
}

uint64_t hf_hash(const struct hf_hash_key *key,
                 const void *data,
                 size_t bytes) {
  struct state s = {key->k0 ^ 0x736f6d6570736575u,
                    key->k1 ^ 0x646f72616e646f6du,
                    key->k0 ^ 0x6c7967656e657261u,
                    key->k1 ^ 0x7465646279746573u};
  const uint8_t *at = data;
  size_t left = bytes;
  for (; left >= WORD_BYTES; left -= WORD_BYTES, at += WORD_BYTES) {
    take(&s, load(at, WORD_BYTES), SHORT_ROUNDS);
  }
  take(&s, load(at, left) | (uint64_t)bytes << 56, SHORT_ROUNDS);
  s.v2 ^= 0xffu;
  mix(&s, SHORT_FINAL_ROUNDS);
  return folded(&s);
}
