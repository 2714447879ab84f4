/* SPDX-License-Identifier: MIT */
/*
 * Finds, in the message of an error, the sentences that the tables know, and
 * the SQLSTATE that may stand among them.
 *
 * Ownership: borrows from the message.
 * Threads: any; pure.
 */
#ifndef HF_CORE_POLICY_CLASSIFY_TEXT_H
#define HF_CORE_POLICY_CLASSIFY_TEXT_H

#include <stdbool.h>
#include <stddef.h>

enum { HF_SENTENCES_MAX = 5 };

/*
 * Finds where in a message a known sentence may begin: at its start, in its
 * last line (Prisma puts its call site before it), behind what Prisma puts in
 * front of a driver's sentence, and inside Prisma's "Message: `...`" and
 * `message: "..."`. Returns how many there are. Borrows from `message`.
 */
size_t hf_classify_sentences(const char *message,
                             const char *out[HF_SENTENCES_MAX]);

/* Returns true when `text` begins with `prefix`. */
bool hf_classify_begins(const char *text, const char *prefix);

/* Returns true for five characters that are an SQLSTATE, not P1001 or EPIPE. */
bool hf_classify_is_sqlstate(const char *code);

/*
 * Finds an SQLSTATE inside a message of Prisma's or of a failed connect by
 * libpq. `prismas` says that the error is known for Prisma's by its name; the
 * text must show it otherwise. Writes six bytes and returns true when there is
 * one.
 */
bool hf_classify_extract(const char *message, bool prismas, char sqlstate[6]);

#endif
