/* SPDX-License-Identifier: MIT */
/* What the model knows about every call, and what must follow from it. */
#include "model.h"

struct model model;

static bool is_doubtful(const struct call *call) {
  return entry_of(call) != NULL && entry_of(call)->doubtful;
}

static bool repeatable(const struct call *call) {
  return call->request.sql.read_only ||
         (call->request.flags & (HF_FLAG_IDEMPOTENT | HF_FLAG_READ_ONLY)) != 0;
}

/* Nothing that came earlier, was never sent and could go waits behind it. */
static void assert_not_overtaking(const struct call *call) {
  const struct call *other;

  if (call->sent > 1 || call->request.kind == HF_REQUEST_STATEMENT ||
      (call->request.flags & HF_FLAG_PROBE) != 0) {
    return;
  }
  for (other = model.features.sim.calls; other != NULL; other = other->next) {
    if (other != call && other->sent == 0 &&
        other->request.state == HF_REQUEST_WAITING &&
        other->request.kind != HF_REQUEST_STATEMENT &&
        entry_of(other) != NULL) {
      assert_true(entry_of(other)->arrival > entry_of(call)->arrival);
    }
  }
}

/* COMMIT goes alone, and never where the server would answer ROLLBACK. */
static void check_end(const struct call *call) {
  const struct hf_request *request = &call->request;
  bool commits = request->sql.kind == HF_SQL_COMMIT;

  if (hf_transaction_is_ending(&request->end)) {
    assert_true(hf_list_empty(&request->lease->waiting));
    assert_true(request->lease->released || request->attempts == 1);
    assert_int_equal(request->end.state,
                     commits ? HF_TRANSACTION_COMMITTING
                             : HF_TRANSACTION_ROLLING_BACK);
    assert_false(commits && request->slot->transaction == 'E');
  }
}

/* What the user is told is what became of the transaction. */
static void check_verdict(const struct call *call) {
  const struct hf_transaction *end = &call->request.end;

  if (end->state == HF_TRANSACTION_COMMITTED) {
    assert_int_equal(call->error.status, HF_OK);
    assert_int_equal(call->request.sql.kind, HF_SQL_COMMIT);
  } else if (end->state == HF_TRANSACTION_IN_DOUBT) {
    assert_int_equal(call->error.outcome, HF_OUTCOME_AMBIGUOUS);
  } else if (end->state == HF_TRANSACTION_ROLLED_BACK &&
             end->rollback_reason != HF_OK) {
    assert_int_equal(call->error.status, end->rollback_reason);
    assert_int_equal(call->error.outcome, HF_OUTCOME_ROLLED_BACK);
  }
}

void check_execute(struct sim *sim, struct call *call) {
  const struct hf_request *request = &call->request;

  assert_int_equal(call->sent, request->attempts);
  assert_true(request->kind != HF_REQUEST_ACQUIRE);
  assert_int_equal(sim->pool.state == HF_POOL_STATE_CLOSED, 0);
  if (is_doubtful(call)) {
    assert_true(repeatable(call));
  }
  if (request->kind == HF_REQUEST_STATEMENT) {
    assert_int_equal(call->sent, 1);
    assert_ptr_equal(request->lease->slot, request->slot);
    check_end(call);
  }
  /* One more for a name that the server did not know. */
  assert_in_range(call->sent, 1, 2 + request->max_retries);
  assert_true(request->deadline_us == 0 ||
              request->kind == HF_REQUEST_STATEMENT ||
              sim->now_us <= request->deadline_us);
  assert_not_overtaking(call);
}

void check_answer(struct sim *sim, struct call *call) {
  features_on_answer(sim, call);
  if (call->request.kind == HF_REQUEST_ACQUIRE) {
    if (call->error.status == HF_OK) {
      assert_non_null(call->lease.slot);
      assert_ptr_equal(call->lease.slot->lease, &call->lease);
      assert_not_overtaking(call);
    } else {
      assert_null(call->lease.slot);
    }
    return;
  }
  check_verdict(call);
  if (call->error.status == HF_OK) {
    assert_true(call->sent > 0);
    return;
  }
  assert_int_not_equal(call->error.outcome, HF_OUTCOME_NONE);
  if (call->sent == 0) {
    assert_true(call->error.outcome != HF_OUTCOME_AMBIGUOUS ||
                call->request.kind == HF_REQUEST_STATEMENT);
  }
  if (is_doubtful(call) && !call->request.sql.read_only &&
      (call->request.flags & HF_FLAG_READ_ONLY) == 0 &&
      call->request.end.rollback_reason == HF_OK) {
    assert_int_equal(call->error.outcome, HF_OUTCOME_AMBIGUOUS);
  }
}
