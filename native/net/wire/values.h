/* SPDX-License-Identifier: MIT */
/*
 * The parameter values of a statement, parsed from the fields of an operation.
 * Most are texts whose type the server infers. A field is one of
 *
 *   "\1"                NULL
 *   "\1" "\1..."        a text that begins with the byte 1
 *   "\1x" hexadecimal   bytes, sent in binary format
 *   "\1t" oid " " text  a text of that type
 *   anything else       a text
 *
 * Ownership: part of a call.
 * Threads: the engine's thread only.
 */
#ifndef HF_NET_WIRE_VALUES_H
#define HF_NET_WIRE_VALUES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "holdfast.h"

/* `lengths`, `formats` and `types` are NULL when no value needs them. */
struct hf_values {
  const char **texts;
  int *lengths;
  int *formats;
  unsigned *types;
  void *memory; /* of these three; owned */
  int32_t n;
  bool typed; /* some value has a type */
};

/* Returns how many bytes n consecutive fields have, with their NULs. */
size_t hf_values_span(const char *const *fields, int32_t n);

/*
 * Parses values->n fields of `span` bytes, which are copied to `copy`;
 * values->texts has room for them. Returns HF_OK or HF_NO_MEMORY.
 */
HF_NODISCARD enum hf_status hf_values_take(struct hf_values *values,
                                           const char *const *fields,
                                           char *copy,
                                           size_t span);

/* Frees what hf_values_take has allocated. */
void hf_values_finish(struct hf_values *values);

#endif
