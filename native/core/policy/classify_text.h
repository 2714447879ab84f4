/* SPDX-License-Identifier: MIT */
/*
 * Finds known sentences, and the SQLSTATE, in an error message.
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
 * Finds the places in a message where a known sentence may begin: the start,
 * the last line (Prisma prints its call site before it), after the words that
 * Prisma puts before a driver's message, and inside Prisma's "Message: `...`"
 * and `message: "..."`. Returns how many there are. Borrows from `message`.
 */
size_t hf_classify_sentences(const char *message,
                             const char *out[HF_SENTENCES_MAX]);

/* Returns true when `text` begins with `prefix`. */
bool hf_classify_begins(const char *text, const char *prefix);

/*
 * Returns true for five characters that are an SQLSTATE, unlike P1001 or EPIPE.
 */
bool hf_classify_is_sqlstate(const char *code);

/*
 * Finds an SQLSTATE in a message from Prisma, or in libpq's message about a
 * failed connect. `prismas`: the error is known to be Prisma's by its name;
 * otherwise the text must show it. Writes six bytes and returns true when there
 * is one.
 */
bool hf_classify_extract(const char *message, bool prismas, char sqlstate[6]);

#endif
