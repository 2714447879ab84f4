/* SPDX-License-Identifier: MIT */
/*
 * What a pool tells its users about their own use of it, once each.
 *
 * Ownership: none. Threads: the pool's.
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

/* Warns, unless this pool has done so already. */
void hf_advise(struct hf_pool *pool,
               struct hf_slot *slot,
               enum hf_advice advice);

/* Warns of a statement that sets a session which is not its user's. */
void hf_advise_on_session(struct hf_pool *pool,
                          const struct hf_request *request);

#endif
