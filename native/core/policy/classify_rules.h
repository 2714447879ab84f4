/* SPDX-License-Identifier: MIT */
/*
 * Abbreviations for the classification tables. For classify*.c only.
 *
 * Ownership: none; constants.
 * Threads: any.
 */
#ifndef HF_CORE_POLICY_CLASSIFY_RULES_H
#define HF_CORE_POLICY_CLASSIFY_RULES_H

#include "core/policy/rule.h"

#define N HF_OUTCOME_NOT_EXECUTED
#define R HF_OUTCOME_ROLLED_BACK
#define A HF_OUTCOME_AMBIGUOUS
#define P HF_OUTCOME_PERMANENT

enum {
  RETRY = HF_TRAIT_RETRY,
  ONCE = HF_TRAIT_ONCE,
  SLOW = HF_TRAIT_SLOW,
  UNNAMED = HF_TRAIT_UNNAMED,
  DISCARD = HF_TRAIT_DISCARD,
  NO_WORK = HF_TRAIT_NO_WORK,
  SOFT = HF_TRAIT_SOFT,
  COMMIT = HF_TRAIT_COMMIT,
  /* The server or its pooler has no room for another connection. */
  FULL = HF_TRAIT_SLOW | HF_TRAIT_FULL,
  /*
   * The name of a prepared statement is unknown or taken: retry without a name.
   */
  RENAME = HF_TRAIT_RETRY | HF_TRAIT_ONCE | HF_TRAIT_UNNAMED,
  /* While connecting, or while waiting for a server behind a pooler. */
  CONNECT = HF_TRAIT_RETRY | HF_TRAIT_NO_WORK | HF_TRAIT_DISCARD,
  REFUSED = HF_TRAIT_NO_WORK | HF_TRAIT_DISCARD,
  SQLSTATE_LENGTH = 5
};

#endif
