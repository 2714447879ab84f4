/* SPDX-License-Identifier: MIT */
/*
 * Turns PGresults into HF_MSG_RESULT messages.
 *
 * Use: hf_encoder_begin, hf_encoder_add for each PGresult of a command (one, or
 * several where rows arrive in chunks), hf_encoder_end. Buffers are kept for
 * the next result.
 *
 * Ownership: the encoder is the caller's memory. Zeroed memory is a valid one.
 * Threads:   one at a time.
 */
#ifndef HF_NET_WIRE_ENCODE_H
#define HF_NET_WIRE_ENCODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libpq-fe.h>

#include "holdfast.h"

/* libpq keeps as many bytes of a command tag. */
enum { HF_TAG_BYTES = 64 };

/*
 * The length of the longest string in V8 on 64-bit systems, in UTF-16 units
 * (v8::String::kMaxLength).
 */
enum { HF_STRING_UNITS_MAX = (1 << 29) - 24 };

struct hf_encoder {
  /* set by begin */
  int32_t decode;
  size_t max_bytes;

  /* of the result so far */
  int columns; /* -1 = no PGresult seen */
  int32_t rows;
  bool too_long; /* a value is longer than HF_STRING_UNITS_MAX */
  size_t n_ints, n_nums, n_chunks, n_bytes;
  char tag[HF_TAG_BYTES]; /* the last one seen */

  /* buffers, kept */
  uint8_t *kinds; /* enum hf_column of each column */
  int32_t *ints;
  double *nums;
  struct hf_chunk *chunks;
  char *bytes;
  size_t kinds_size, ints_size, nums_size, chunks_size, bytes_size;
};

/*
 * Starts a result, without what was added before. `decode` are HF_DECODE_*
 * bits; `max_bytes` limits the message, 0 = no limit.
 */
void hf_encoder_begin(struct hf_encoder *encoder,
                      int32_t decode,
                      size_t max_bytes);

/*
 * Appends the rows of a PGresult. Returns HF_OK, HF_RESULT_TOO_LARGE or
 * HF_NO_MEMORY; after an error only hf_encoder_begin or hf_encoder_finish may
 * be called.
 */
HF_NODISCARD enum hf_status hf_encoder_add(struct hf_encoder *encoder,
                                           const PGresult *result);

/* Returns how many bytes the message has so far. */
size_t hf_encoder_bytes(const struct hf_encoder *encoder);

/* What a message has besides rows and the command tag. */
struct hf_encoder_frame {
  int32_t id_low, id_high;
  int32_t row_description;
};

/*
 * Makes the message. `last` is the PGresult that ended the command, or NULL
 * when more of it follows in another message; its rows are not added. The
 * command tag is that of `last` or, in chunked mode, of the chunk before it.
 * HF_RESULT_FLAGS holds HF_COMMAND_* bits, for the caller to turn into flags.
 * Returns HF_OK or HF_NO_MEMORY.
 */
HF_NODISCARD enum hf_status hf_encoder_end(struct hf_encoder *encoder,
                                           const PGresult *last,
                                           const struct hf_encoder_frame *frame,
                                           struct hf_message **message);

/* Frees the buffers. */
void hf_encoder_finish(struct hf_encoder *encoder);

/* Returns how a column of this type travels under a decode mask. */
enum hf_column hf_column_kind(Oid type, int32_t decode);

/* ---- values (encode_number.c, encode_time.c) ----------------------------- */

/* Returns the value of a float in PostgreSQL's text; NaN when it is none. */
double hf_number_read(const char *text, size_t bytes);

/* Returns the value of an int32; 0 when it is none. */
int32_t hf_int_read(const char *text, size_t bytes);

/*
 * Returns a timestamptz in ISO style as milliseconds since 1970, truncated as
 * JavaScript's Date does it. Infinities are kept; NaN when it is no such text,
 * or beyond Date's range.
 */
double hf_time_read(const char *text, size_t bytes);

/* ---- text (encode_text.c) ------------------------------------------------ */

/* Returns whether all bytes are below 128. */
bool hf_text_is_ascii(const char *text, size_t bytes);

/* Returns how many UTF-16 units the text has. */
size_t hf_text_units(const char *text, size_t bytes);

/*
 * Decodes UTF-8 as the WHATWG standard does: invalid sequences become U+FFFD.
 * `out` has room for `bytes` units. Returns how many were written.
 */
size_t hf_text_decode(const char *text, size_t bytes, uint16_t *out);

#endif
