/* SPDX-License-Identifier: MIT */
/* A random server, and the network in front of it. */
#include "model.h"

static struct hf_slot *any_slot(void) {
  return hf_pool_slot(&model.features.sim.pool,
                      (int32_t)draw((uint32_t)model.features.sim.pool.n_slots));
}

static struct sim_conn *link_of(const struct hf_slot *slot) {
  return sim_conn(&model.features.sim, slot);
}

static const char *any_sqlstate(void) {
  static const char *const sqlstates[] = {"23505",
                                          "40001",
                                          "40P01",
                                          "42P05",
                                          "26000",
                                          "25006",
                                          "42601",
                                          "57014",
                                          "53200",
                                          "55P03",
                                          "08006",
                                          "XX000",
                                          "0A000"};

  return sqlstates[draw(sizeof(sqlstates) / sizeof(sqlstates[0]))];
}

static void end_connect(struct hf_slot *slot) {
  static const char *const sqlstates[] = {"53300", "57P03", "28P01"};

  if (model.outage ? chance(95) : chance(5)) {
    sim_connect_failed(&model.features.sim,
                       slot,
                       chance(80) ? NULL : sqlstates[draw(3)]);
  } else {
    model.features.sim.proxied = chance(30);
    model.features.sim.unproven = chance(50);
    model.features.role =
        chance(80) ? HF_HEALTH_ROLE_PRIMARY : HF_HEALTH_ROLE_STANDBY;
    model.features.takes_no_writes = chance(10);
    sim_connected(&model.features.sim, slot);
  }
}

/* Everything in flight there may have been done. */
static void note_doubt(const struct hf_slot *slot) {
  struct sim_conn *conn = link_of(slot);
  int i;

  for (i = 0; i < conn->n_in_flight; i++) {
    const struct hf_request *request = &conn->in_flight[i]->request;

    if (entry_of(conn->in_flight[i]) == NULL) {
      continue; /* it stands in for one that went elsewhere */
    }
    entry_of(conn->in_flight[i])->doubtful =
        !hf_request_goes_with_connection(request) || request->sql.commits;
  }
}

static char transaction_after(const struct call *call, bool failed) {
  char before = call->request.slot->transaction;

  enum hf_sql_kind kind = call->request.sql.kind;

  if (kind == HF_SQL_BEGIN) {
    return failed ? before : 'T';
  }
  if (kind == HF_SQL_COMMIT || kind == HF_SQL_ROLLBACK) {
    return 'I';
  }
  return before != 'I' && failed ? 'E' : before;
}

static void end_statement(struct hf_slot *slot) {
  struct sim_conn *conn = link_of(slot);
  struct call *call = conn->in_flight[0];

  if (conn->cancelling && chance(70)) {
    sim_fail(&model.features.sim, call, "57014", transaction_after(call, true));
  } else if (chance(75)) {
    sim_answer(&model.features.sim, call, transaction_after(call, false));
  } else {
    sim_fail(&model.features.sim,
             call,
             any_sqlstate(),
             transaction_after(call, true));
  }
}

static void lose(struct hf_slot *slot) {
  note_doubt(slot);
  sim_lose_as(&model.features.sim, slot, chance(90) ? NULL : "57P02");
}

void do_answer(void) {
  struct hf_slot *slot = any_slot();
  struct sim_conn *conn = link_of(slot);

  if (conn->probing && chance(20)) {
    sim_probed(&model.features.sim, slot, chance(50));
    return;
  }
  switch (conn->link) {
  case LINK_NONE:
    break;
  case LINK_OPENING:
    end_connect(slot);
    break;
  case LINK_CLOSING:
    sim_closed(&model.features.sim, slot);
    break;
  case LINK_OPEN:
    if (chance(model.outage ? 20 : 3)) {
      lose(slot);
    } else if (conn->n_in_flight > 0) {
      end_statement(slot);
    } else if (conn->rolling_back && conn->dead) {
      lose(slot);
    } else if (conn->rolling_back && slot->proof != HF_PROOF_NONE) {
      sim_proved(&model.features.sim,
                 slot,
                 chance(5)    ? HF_PROOF_FAILED
                 : chance(50) ? HF_PROOF_INCONCLUSIVE
                              : HF_PROOF_PASSED);
    } else if (conn->rolling_back) {
      sim_checked(&model.features.sim, slot);
    } else if (chance(1)) {
      conn->dead = true;
    }
    break;
  }
}
