/* SPDX-License-Identifier: MIT */
/*
 * The rules of classification: a rule is the judgement in a row of a constant
 * table. classify.c consults the tables in order.
 *
 * Ownership: rules are constant; nothing is allocated.
 * Threads: any; pure.
 */
#ifndef HF_CORE_POLICY_RULE_H
#define HF_CORE_POLICY_RULE_H

#include "holdfast.h"

/* What a row says about a failure. */
enum hf_trait {
  HF_TRAIT_RETRY = 1 << 0,   /* retrying is useful */
  HF_TRAIT_ONCE = 1 << 1,    /* the engine retries at most once */
  HF_TRAIT_SLOW = 1 << 2,    /* after a longer delay */
  HF_TRAIT_UNNAMED = 1 << 3, /* with an unnamed statement */
  HF_TRAIT_DISCARD = 1 << 4, /* the connection must not be used again */
  HF_TRAIT_NO_WORK = 1 << 5, /* only reported before a server was reached:
                                counts as a failure to connect */
  HF_TRAIT_SOFT = 1 << 6, /* permanent, but not while connecting: proxies report
                             transient failures with it */
  HF_TRAIT_COMMIT = 1 << 7, /* ambiguous when COMMIT had been sent */
  HF_TRAIT_FULL = 1 << 8    /* the server or its pooler is overloaded */
};

/* One judgement; rows of all tables end with one. */
struct hf_rule {
  enum hf_outcome outcome;
  int traits; /* HF_TRAIT_* */
  const char *reason;
};

/*
 * The lookups of the tables, each in its own file. They return NULL when no row
 * matches.
 */

/* Returns true for an error of ours: it has a status. */
bool hf_classify_is_ours(const struct hf_evidence *evidence);

/* Returns true when our status always concerns a transaction that ran. */
bool hf_classify_concerns_transaction(const struct hf_evidence *evidence);

/* Returns true when our status never counts as a failure to connect. */
bool hf_classify_is_neutral(const struct hf_evidence *evidence);

/*
 * Returns true when the caller may repeat a request that was refused with this
 * status, even where the engine does not: its own deadline has passed.
 */
bool hf_classify_may_be_made_again(enum hf_status refusal);

/* Looks up our status; `before_work`: nothing can have reached a server. */
const struct hf_rule *hf_classify_status(const struct hf_evidence *evidence,
                                         bool before_work);

/* Looks up an SQLSTATE; the evidence says who sent it and how. */
const struct hf_rule *hf_classify_sqlstate(const struct hf_evidence *evidence,
                                           const char *sqlstate);

/* Looks up a message of PgBouncer or another pooler; accepts NULL. */
const struct hf_rule *hf_classify_pooler(const char *message);

/* Looks up kind, code and class name of errors of Node, a driver or Prisma. */
const struct hf_rule *hf_classify_code(const struct hf_evidence *evidence);

/* Looks up a sentence that means the same whoever sends it, with any code. */
const struct hf_rule *hf_classify_driver(const char *sentence);

/* Looks up the server's complaint about the number of parameters. */
const struct hf_rule *hf_classify_bind(const char *sentence);

/* Looks up the sentences of libpq, pg, pg-pool and Prisma. */
const struct hf_rule *hf_classify_message(const struct hf_evidence *evidence);

/* Lets the outcome that one of our own errors carries override the tables. */
void hf_classify_known(const struct hf_evidence *evidence,
                       struct hf_classification *why);

/* Returns a rank: of several failures the one with the highest counts. */
int32_t hf_classify_doubt(const struct hf_classification *why);

#endif
