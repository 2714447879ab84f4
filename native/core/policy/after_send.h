/* SPDX-License-Identifier: MIT */
/*
 * What an error proves once something was sent: its severity and how far the
 * unit had come say more than its SQLSTATE. docs/errors.md has the table.
 *
 * Threads: any; pure.
 */
#ifndef HF_CORE_POLICY_AFTER_SEND_H
#define HF_CORE_POLICY_AFTER_SEND_H

#include "core/policy/rule.h"

/*
 * Corrects `why`, which came from `rule`, for an error with an SQLSTATE that
 * the engine read after it had sent something. Whether a transaction was open
 * is the caller's to apply.
 */
void hf_after_send_judge(const struct hf_evidence *evidence,
                         const char *sqlstate,
                         const struct hf_rule *rule,
                         struct hf_classification *why);

#endif
