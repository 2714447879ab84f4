/* SPDX-License-Identifier: MIT */
/*
 * An error with all that is known about it, in the form in which it is
 * delivered: `fields` holds records of a letter, a text and a NUL. The letters
 * are those of the protocol's ErrorResponse and our own (see HF_MSG_ERROR).
 *
 * Ownership: an error owns `fields`, which hf_error_finish() frees. Zeroed
 * memory is a valid empty error.
 * Threads: none; one thread at a time per error.
 *
 * When memory runs out an error stays valid and keeps its codes; it only loses
 * text.
 */
#ifndef HF_CORE_BASE_ERROR_H
#define HF_CORE_BASE_ERROR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "holdfast.h"

enum { HF_SQLSTATE_LENGTH = 5 };

struct hf_error {
  enum hf_status status;
  enum hf_outcome outcome;
  bool retryable;
  enum hf_error_unit unit;
  enum hf_phase phase;
  enum hf_severity severity;
  enum hf_speaker speaker;
  int32_t sys_errno;                     /* positive, 0 = none */
  char sqlstate[HF_SQLSTATE_LENGTH + 1]; /* "" = none */
  char *fields;
  size_t fields_bytes;
  const char *reason; /* static text, or NULL */
};

/* Initializes an empty error. Does not free previous content. */
void hf_error_init(struct hf_error *error);

/* Frees the fields and leaves an empty error. Accepts NULL. */
void hf_error_finish(struct hf_error *error);

/*
 * Replaces the whole error. Copies `message`; NULL stands for the default
 * sentence of the status.
 */
void hf_error_set(struct hf_error *error,
                  enum hf_status status,
                  enum hf_phase phase,
                  const char *message);

/*
 * Adds a field. Copies `text`; NULL is ignored. A letter that is already there
 * keeps its text. 'C' also sets sqlstate if it has five characters, 'V' sets
 * speaker and severity, 'S' sets the severity when there is no V.
 */
void hf_error_add(struct hf_error *error, char letter, const char *text);

/* Returns the text of a field, or NULL. Borrowed until the error changes. */
const char *hf_error_field(const struct hf_error *error, char letter);

/* Copies `src` to `dst`, whose previous content is freed. */
void hf_error_copy(struct hf_error *dst, const struct hf_error *src);

/*
 * Moves `src` to `dst`, whose previous content is freed; `src` is empty
 * afterwards.
 */
void hf_error_move(struct hf_error *dst, struct hf_error *src);

/*
 * Writes the error into `out` as evidence. Leaves what only the caller knows:
 * the flags at the end of the struct, and progress. Strings are borrowed from
 * the error.
 */
void hf_error_evidence(const struct hf_error *error, struct hf_evidence *out);

#endif
