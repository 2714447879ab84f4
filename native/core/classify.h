/* SPDX-License-Identifier: MIT */
/*
 * Decides what became of a failed unit of work: hf_classify of holdfast.h.
 * The knowledge is in constant tables, looked up in this order: what the
 * engine did (phase, nothing_sent), our own status, SQLSTATE and severity,
 * PgBouncer's messages, codes of node, drivers and Prisma, messages last.
 * What nobody knows is ambiguous.
 *
 * Threads: any; pure.
 */
#ifndef HF_CORE_CLASSIFY_H
#define HF_CORE_CLASSIFY_H

#include "holdfast.h"

/* What a row of the tables says about a failure. */
enum hf_trait {
  HF_TRAIT_RETRY = 1 << 0,   /* repeating is useful */
  HF_TRAIT_ONCE = 1 << 1,    /* at most once */
  HF_TRAIT_SLOW = 1 << 2,    /* after a longer pause */
  HF_TRAIT_UNNAMED = 1 << 3, /* with an unnamed statement */
  HF_TRAIT_DISCARD = 1 << 4, /* the connection is done for */
  HF_TRAIT_LOSS = 1 << 5,    /* a lost connection: rolled back while the
                                transaction was open and COMMIT not sent */
  HF_TRAIT_NO_WORK = 1 << 6, /* only ever said before work began: counts as
                                a failure of connecting */
  HF_TRAIT_MIDWAY = 1 << 7   /* ambiguous when it could commit midway */
};

/* One judgement; rows of all tables end in one. */
struct hf_rule {
  enum hf_outcome outcome;
  int traits; /* HF_TRAIT_* */
  const char *reason;
};

/*
 * The tables' look-ups, each in its own file. They return NULL when they have
 * no row. `connecting` = the failure came while opening a connection.
 */
const struct hf_rule *hf_classify_sqlstate(const struct hf_evidence *evidence,
                                           const char *sqlstate);
const struct hf_rule *hf_classify_pooler(const char *message);
const struct hf_rule *hf_classify_code(const struct hf_evidence *evidence);
const struct hf_rule *hf_classify_message(const struct hf_evidence *evidence);

/*
 * Finds an SQLSTATE inside a message of Prisma's or a libpq connect failure.
 * Writes six bytes and returns true when there is one.
 */
bool hf_classify_extract(const char *message, char sqlstate[6]);

#endif
