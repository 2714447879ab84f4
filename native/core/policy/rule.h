/* SPDX-License-Identifier: MIT */
/*
 * What is known of failures: a rule is one judgement, a row of a constant
 * table. classify.c looks the tables up in their order.
 *
 * Ownership: rules are constant; nothing is allocated.
 * Threads: any; pure.
 */
#ifndef HF_CORE_POLICY_RULE_H
#define HF_CORE_POLICY_RULE_H

#include "holdfast.h"

/* What a row of the tables says about a failure. */
enum hf_trait {
  HF_TRAIT_RETRY = 1 << 0,   /* repeating is useful */
  HF_TRAIT_ONCE = 1 << 1,    /* at most once, by the engine */
  HF_TRAIT_SLOW = 1 << 2,    /* after a longer pause */
  HF_TRAIT_UNNAMED = 1 << 3, /* with an unnamed statement */
  HF_TRAIT_DISCARD = 1 << 4, /* the connection is done for */
  HF_TRAIT_LOSS = 1 << 5,    /* a lost connection: rolled back while the
                                transaction was open and COMMIT not sent */
  HF_TRAIT_NO_WORK = 1 << 6, /* only ever said before work began: counts as
                                a failure of connecting */
  HF_TRAIT_SOFT = 1 << 7,    /* permanent, but not while connecting: proxies
                                say it of what passes */
  HF_TRAIT_COMMIT = 1 << 8,  /* ambiguous when COMMIT had been sent */
  HF_TRAIT_FULL = 1 << 9     /* the server, or its pooler, is overloaded */
};

/* One judgement; rows of all tables end in one. */
struct hf_rule {
  enum hf_outcome outcome;
  int traits; /* HF_TRAIT_* */
  const char *reason;
};

/* The tables' look-ups, each in its own file. They return NULL for no row. */

/* Looks up an SQLSTATE of five characters; the evidence says who and how. */
const struct hf_rule *hf_classify_sqlstate(const struct hf_evidence *evidence,
                                           const char *sqlstate);

/* Looks up a sentence of PgBouncer's; NULL text is fine. */
const struct hf_rule *hf_classify_pooler(const char *message);

/* Looks up kind, code and name of node's, a driver's or Prisma's errors. */
const struct hf_rule *hf_classify_code(const struct hf_evidence *evidence);

/* Looks up a sentence that is known whoever says it, and with any code. */
const struct hf_rule *hf_classify_driver(const char *sentence);

/* Looks up the server's complaint about the number of values. */
const struct hf_rule *hf_classify_bind(const char *sentence);

/* Looks up the sentences of libpq, pg, pg-pool and Prisma. */
const struct hf_rule *hf_classify_message(const struct hf_evidence *evidence);

/* Has what an error of ours says of itself overrule the tables. */
void hf_classify_known(const struct hf_evidence *evidence,
                       struct hf_classification *why);

/* Returns how doubtful a failure is: of several the greatest counts. */
int32_t hf_classify_doubt(const struct hf_classification *why);

#endif
