/* SPDX-License-Identifier: MIT */
/*
 * Turns PGresults into the HF_MSG_RESULT messages of holdfast.h.
 *
 * Use: begin, add (once, or once per row in single-row mode), finish. The
 * buffers are kept between results, so one encoder serves one engine thread
 * or, where results arrive interleaved, one connection.
 *
 * Ownership: the encoder is the caller's memory; zeroed is a valid start.
 * Threads:   one at a time.
 */
#ifndef HF_NET_WIRE_ENCODE_H
#define HF_NET_WIRE_ENCODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libpq-fe.h>

#include "holdfast.h"

/* As many bytes as libpq keeps of a command tag. */
enum { HF_TAG_BYTES = 64 };

/*
 * UTF-16 units of the longest string of JavaScript's, in V8 on 64 bits since
 * Node.js 12 (v8::String::kMaxLength).
 */
enum { HF_STRING_UNITS_MAX = (1 << 29) - 24 };

struct hf_encoder {
  /* set by begin */
  int32_t decode;
  size_t max_bytes;

  /* of the result so far */
  int columns; /* -1 = no PGresult seen */
  int32_t rows;
  bool too_long; /* a value is longer than any string of JavaScript's */
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

/* Forgets what was added and starts a result; max_bytes 0 = no limit. */
void hf_encoder_begin(struct hf_encoder *encoder,
                      int32_t decode,
                      size_t max_bytes);

/*
 * Appends the rows of a result (none for one without columns). Returns HF_OK,
 * HF_RESULT_TOO_LARGE or HF_NO_MEMORY; after an error only begin and
 * finish_memory may follow.
 */
HF_NODISCARD enum hf_status hf_encoder_add(struct hf_encoder *encoder,
                                           const PGresult *result);

/* Returns how many bytes the message has by now. */
size_t hf_encoder_bytes(const struct hf_encoder *encoder);

/* What finish cannot know by itself. */
struct hf_encoder_frame {
  int32_t id_low, id_high;
  int32_t row_description;
};

/*
 * Makes the message; `last` is the result that ended the command (it is not
 * added); its HF_RESULT_FLAGS are the HF_COMMAND_* bits. libpq 17 puts the
 * command tag on the chunk of rows before it when that chunk was not full, else
 * on this one. Returns HF_OK or HF_NO_MEMORY. The encoder is ready for begin.
 */
HF_NODISCARD enum hf_status hf_encoder_end(struct hf_encoder *encoder,
                                           const PGresult *last,
                                           const struct hf_encoder_frame *frame,
                                           struct hf_message **message);

/* Frees the buffers. Accepts zeroed memory. */
void hf_encoder_finish(struct hf_encoder *encoder);

/* Returns how a column of this type travels under a decode mask. */
enum hf_column hf_column_kind(Oid type, int32_t decode);

/* ---- values (result_number.c, result_time.c), for tests too ------------- */

/* Reads PostgreSQL's text of a float; NaN for garbage. */
double hf_number_read(const char *text, size_t bytes);

/* Reads an integer within int32; 0 for garbage. */
int32_t hf_int_read(const char *text, size_t bytes);

/*
 * Reads a timestamptz in ISO style as ms since 1970, truncated as JavaScript's
 * Date does; infinities are kept, NaN for garbage or out of Date's range.
 */
double hf_time_read(const char *text, size_t bytes);

/* ---- text (result_text.c) ------------------------------------------------ */

/* Returns whether all bytes are below 128. */
bool hf_text_is_ascii(const char *text, size_t bytes);

/* Returns the length of the text once decoded, in UTF-16 units. */
size_t hf_text_units(const char *text, size_t bytes);

/*
 * Decodes UTF-8 as WHATWG's decoder does (invalid sequences become U+FFFD).
 * `out` has room for as many units as there are bytes. Returns the units.
 */
size_t hf_text_decode(const char *text, size_t bytes, uint16_t *out);

#endif
