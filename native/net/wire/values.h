/* SPDX-License-Identifier: MIT */
/*
 * The values of a statement. Most are texts whose type the server finds out;
 * some are bytes in binary format, or texts of a type that is given.
 *
 * A field is NULL's mark "\1" alone, "\1\1" and a text that begins with the
 * mark, "\1x" and bytes in hexadecimal, "\1t", a type's number, a blank and a
 * text, or a text as it is.
 *
 * Ownership: inside the call.
 * Threads: the engine's thread only.
 */
#ifndef HF_NET_WIRE_VALUES_H
#define HF_NET_WIRE_VALUES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "holdfast.h"

/* An array for each, or NULL where all values are texts without a type. */
struct hf_values {
  const char **texts;
  int *lengths;
  int *formats;
  unsigned *types;
  void *memory; /* of those three, owned */
  int32_t n;
  bool typed; /* some type is given */
};

/* Returns the bytes of n fields, which lie one behind the other. */
size_t hf_values_span(const char *const *fields, int32_t n);

/*
 * Takes n fields, whose span is copied to `copy`, into the arrays; `texts` has
 * room for them. HF_OK or HF_NO_MEMORY.
 */
HF_NODISCARD enum hf_status hf_values_take(struct hf_values *values,
                                           const char *const *fields,
                                           char *copy,
                                           size_t span);

void hf_values_finish(struct hf_values *values);

#endif
