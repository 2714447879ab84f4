/* SPDX-License-Identifier: MIT */
/*
 * UTF-8 to UTF-16, as a browser's decoder does it: an invalid sequence becomes
 * one U+FFFD for its longest prefix that could have been valid.
 *
 * Ownership: none. Threads: any.
 */
#include <string.h>

#include "net/wire/encode.h"

enum {
  REPLACEMENT = 0xfffd,
  SURROGATE_BASE = 0x10000,
  HIGH_SURROGATE = 0xd800,
  LOW_SURROGATE = 0xdc00
};

bool hf_text_is_ascii(const char *text, size_t bytes) {
  const uint64_t high_bits = UINT64_C(0x8080808080808080);
  unsigned char rest = 0;
  while (bytes >= sizeof(uint64_t)) {
    uint64_t eight;
    memcpy(&eight, text, sizeof eight);
    if ((eight & high_bits) != 0) {
      return false;
    }
    text += sizeof eight;
    bytes -= sizeof eight;
  }
  while (bytes > 0) {
    rest |= (unsigned char)*text++;
    bytes--;
  }
  return rest < 0x80;
}

/* What a lead byte says of its sequence. */
struct lead {
  unsigned needed;            /* continuation bytes; 0 = not a lead byte */
  unsigned char lower, upper; /* bounds of the first of them */
  uint32_t bits;
};

static struct lead read_lead(unsigned char byte) {
  struct lead lead = {0, 0x80, 0xbf, 0};
  if (byte >= 0xc2 && byte <= 0xdf) {
    lead.needed = 1;
    lead.bits = byte & 0x1fU;
  } else if (byte >= 0xe0 && byte <= 0xef) {
    lead.needed = 2;
    lead.bits = byte & 0xfU;
    lead.lower = byte == 0xe0 ? 0xa0 : 0x80;
    lead.upper = byte == 0xed ? 0x9f : 0xbf; /* no surrogates */
  } else if (byte >= 0xf0 && byte <= 0xf4) {
    lead.needed = 3;
    lead.bits = byte & 0x7U;
    lead.lower = byte == 0xf0 ? 0x90 : 0x80;
    lead.upper = byte == 0xf4 ? 0x8f : 0xbf;
  }
  return lead;
}

/* Reads the code point at `at` and moves it on; at < end. */
static uint32_t next_point(const unsigned char **at, const unsigned char *end) {
  unsigned char byte = *(*at)++;
  struct lead lead;
  if (byte < 0x80) {
    return byte;
  }
  lead = read_lead(byte);
  if (lead.needed == 0) {
    return REPLACEMENT;
  }
  while (lead.needed > 0) {
    if (*at == end || **at < lead.lower || **at > lead.upper) {
      return REPLACEMENT;
    }
    lead.bits = (lead.bits << 6) | (*(*at)++ & 0x3fU);
    lead.lower = 0x80;
    lead.upper = 0xbf;
    lead.needed--;
  }
  return lead.bits;
}

size_t hf_text_units(const char *text, size_t bytes) {
  const unsigned char *at = (const unsigned char *)text;
  const unsigned char *end = at + bytes;
  size_t units = 0;
  while (at < end) {
    units += next_point(&at, end) >= SURROGATE_BASE ? 2 : 1;
  }
  return units;
}

size_t hf_text_decode(const char *text, size_t bytes, uint16_t *out) {
  const unsigned char *at = (const unsigned char *)text;
  const unsigned char *end = at + bytes;
  const uint16_t *start = out;
  while (at < end) {
    uint32_t point = next_point(&at, end);
    if (point < SURROGATE_BASE) {
      *out++ = (uint16_t)point;
    } else {
      point -= SURROGATE_BASE;
      *out++ = (uint16_t)(HIGH_SURROGATE + (point >> 10));
      *out++ = (uint16_t)(LOW_SURROGATE + (point & 0x3ff));
    }
  }
  return (size_t)(out - start);
}
