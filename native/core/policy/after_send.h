/* SPDX-License-Identifier: MIT */
/*
 * Judges an error that arrived after something was sent. Its severity and the
 * progress of the unit say more than its SQLSTATE. docs/errors.md has the
 * table.
 *
 * Threads: any; pure.
 */
#ifndef HF_CORE_POLICY_AFTER_SEND_H
#define HF_CORE_POLICY_AFTER_SEND_H

#include "core/policy/rule.h"

/*
 * Refines `why`, the classification by `rule`, for an error with an SQLSTATE
 * that the engine itself received after it had sent something. The caller
 * accounts for an open transaction.
 */
void hf_after_send_judge(const struct hf_evidence *evidence,
                         const char *sqlstate,
                         const struct hf_rule *rule,
                         struct hf_classification *why);

#endif
