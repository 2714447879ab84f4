/* SPDX-License-Identifier: MIT */
/*
 * One failure with everything that is known of it, in the form in which it is
 * delivered: `fields` holds records of a letter, its text and a NUL, one after
 * the other, letters as in the protocol's ErrorResponse or ours (see
 * HF_MSG_ERROR).
 *
 * Ownership: an error owns its `fields`; hf_error_finish frees them. The
 * struct's memory is the caller's. Zeroed memory is a valid empty error.
 * Threads: none; one thread at a time per error.
 *
 * When memory runs out an error stays valid and keeps its codes; it only
 * loses text.
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

/* Makes an empty error. Does not free what was there. */
void hf_error_init(struct hf_error *error);

/* Frees the fields and leaves an empty error. NULL is fine. */
void hf_error_finish(struct hf_error *error);

/*
 * Replaces everything by this status, phase and message. NULL as message
 * means the status's default sentence. Copies the message.
 */
void hf_error_set(struct hf_error *error,
                  enum hf_status status,
                  enum hf_phase phase,
                  const char *message);

/*
 * Adds one field; NULL text is ignored. Copies the text. 'C' also sets
 * sqlstate (when it has five characters), 'V' sets speaker and severity, 'S'
 * the severity of who sends no V.
 * A letter already there stays: the first one wins.
 */
void hf_error_add(struct hf_error *error, char letter, const char *text);

/* Returns the text of a field, borrowed until the error changes, or NULL. */
const char *hf_error_field(const struct hf_error *error, char letter);

/* Copies `src` over `dst`, whose old content is freed. */
void hf_error_copy(struct hf_error *dst, const struct hf_error *src);

/* Moves `src` over `dst`, whose old content is freed; `src` is empty then. */
void hf_error_move(struct hf_error *dst, struct hf_error *src);

/*
 * Writes what the error says of itself as evidence; what only the caller
 * knows (the flags at its end, and progress) is left as it is in `out`. Strings
 * are borrowed from the error.
 */
void hf_error_evidence(const struct hf_error *error, struct hf_evidence *out);

#endif
