/* SPDX-License-Identifier: MIT */
/*
 * What the command tag of a statement that was done says of its effects.
 * Conservative: a command that is not known may have had both.
 *
 * Ownership: words are borrowed for the call.
 * Threads: any.
 */
#ifndef HF_CORE_SQL_COMMAND_H
#define HF_CORE_SQL_COMMAND_H

#include <stddef.h>
#include <stdint.h>

/* Bits. */
enum hf_command_effect {
  HF_COMMAND_WRITES = 1 << 0,  /* something durable may be left */
  HF_COMMAND_SESSION = 1 << 1, /* something may be left in the session */
  HF_COMMAND_COMMITS = 1 << 2  /* it made durable what was written before it */
};

/*
 * Returns the HF_COMMAND_* bits of a tag's first word; `bytes` is 0 for the
 * empty statement. A SELECT may write, by the functions it calls: whether it
 * did is for its text to say.
 */
int32_t hf_command_effects(const char *word, size_t bytes);

#endif
