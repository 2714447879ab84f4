/* SPDX-License-Identifier: MIT */
/*
 * Warnings about how a pool is used, each given once per pool.
 *
 * Threads: the engine's thread only.
 */
#ifndef HF_CORE_POOL_ADVICE_H
#define HF_CORE_POOL_ADVICE_H

#include "core/pool/request.h"
#include "core/pool/state.h"

enum hf_advice {
  HF_ADVICE_DEALLOCATE,    /* deallocateBeforeUse behind a pooler */
  HF_ADVICE_ROLLED_BACK,   /* released inside a transaction */
  HF_ADVICE_SESSION_STATE, /* SET or LISTEN behind a pooler */
};

/* Emits the warning unless this pool has emitted it before. */
void hf_advise(struct hf_pool *pool,
               struct hf_slot *slot,
               enum hf_advice advice);

/*
 * Warns about a SET or LISTEN that ran through a pooler, where it changes a
 * session that other clients use next.
 */
void hf_advise_on_session(struct hf_pool *pool,
                          const struct hf_request *request);

#endif
