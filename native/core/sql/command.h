/* SPDX-License-Identifier: MIT */
/*
 * What a command tag says about the effects of the statement. Conservative: an
 * unknown command may have all of them.
 *
 * Ownership: words are borrowed for the call.
 * Threads: any; pure.
 */
#ifndef HF_CORE_SQL_COMMAND_H
#define HF_CORE_SQL_COMMAND_H

#include <stddef.h>
#include <stdint.h>

/* Bits. */
enum hf_command_effect {
  HF_COMMAND_WRITES = 1 << 0,  /* something durable may remain */
  HF_COMMAND_SESSION = 1 << 1, /* something may remain in the session */
  HF_COMMAND_COMMITS =
      1 << 2 /* earlier writes of the transaction are durable now */
};

/*
 * Returns the HF_COMMAND_* bits for the first word of a tag; `bytes` is 0 for
 * the empty statement. A SELECT may write through the functions it calls, which
 * its tag does not show.
 */
int32_t hf_command_effects(const char *word, size_t bytes);

#endif
