/* SPDX-License-Identifier: MIT */
#include "core/pool/advice.h"

#include "core/pool/state.h"

static const char *const sentences[] = {
    [HF_ADVICE_DEALLOCATE] =
        "deallocateBeforeUse is not done behind a connection pooler: "
        "nothing has a name there; leave it out",
    [HF_ADVICE_ROLLED_BACK] =
        "a client was released inside a transaction, which was rolled back: "
        "COMMIT or ROLLBACK before release(), or use pool.transaction()",
    [HF_ADVICE_SESSION_STATE] =
        "SET, LISTEN, PREPARE, temporary tables and advisory locks behind a "
        "connection pooler stay in one of its server connections, which others "
        "use next, and not your later statements: use the option settings of "
        "the pool or of a call, SET LOCAL and pg_advisory_xact_lock() in a "
        "transaction, pool.listen(), or pooler: 'session' if it keeps sessions "
        "apart",
};

void hf_advise(struct hf_pool *pool,
               struct hf_slot *slot,
               enum hf_advice advice) {
  struct hf_error warning;
  uint32_t bit = 1U << advice;
  if ((pool->advice_given & bit) != 0) {
    return;
  }
  pool->advice_given |= bit;
  hf_error_init(&warning);
  hf_error_set(&warning,
               HF_SESSION_REQUIRED,
               HF_PHASE_CONNECT,
               sentences[advice]);
  pool->io.event(pool->io.ctx, slot, HF_EVENT_WARNING, &warning);
  hf_error_finish(&warning);
}

void hf_advise_on_session(struct hf_pool *pool,
                          const struct hf_request *request) {
  if (request->slot->proxied && request->error.status == HF_OK &&
      request->sql.session_state) {
    hf_advise(pool, request->slot, HF_ADVICE_SESSION_STATE);
  }
}
