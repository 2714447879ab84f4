/* SPDX-License-Identifier: MIT */
#include "core/features/fate.h"

#include <assert.h>
#include <string.h>

#define NEXT(state) (1u << HF_FATE_STATE_##state)

/* From every state: the caller leaves, or the time is over. */
#define OVER NEXT(UNKNOWN)

/* clang-format off */
static const struct {
  const char *name;
  unsigned next; /* set of allowed states */
} states[] = {
  [HF_FATE_STATE_LOST]        = {"lost", NEXT(ASKED) | NEXT(RETRYING) | OVER},
  [HF_FATE_STATE_ASKED]       = {"asked", NEXT(WAITING) | NEXT(TERMINATING) |
                                 NEXT(RETRYING) | NEXT(LISTED) | NEXT(COMMITTED) |
                                 NEXT(ROLLED_BACK) | OVER},
  [HF_FATE_STATE_WAITING]     = {"waiting", NEXT(ASKED) | NEXT(RETRYING) | OVER},
  [HF_FATE_STATE_TERMINATING] = {"terminating", NEXT(WAITING) | NEXT(RETRYING) |
                                 OVER},
  [HF_FATE_STATE_RETRYING]        = {"retrying", NEXT(LOST) | OVER},
  [HF_FATE_STATE_LISTED]      = {"listed", NEXT(CONFIRMING) |
                                 NEXT(COMMITTED) | NEXT(RETRYING) | OVER},
  [HF_FATE_STATE_CONFIRMING]  = {"confirming", NEXT(COMMITTED) | NEXT(RETRYING) |
                                 OVER},
  [HF_FATE_STATE_COMMITTED]   = {"committed", 0},
  [HF_FATE_STATE_ROLLED_BACK] = {"rolled back", 0},
  [HF_FATE_STATE_UNKNOWN]     = {"unknown", 0},
};
/* clang-format on */

enum reason {
  REASON_NONE,
  REASON_NOTHING_WRITTEN,
  REASON_FORBIDDEN,
  REASON_OTHER_SERVER,
  REASON_REPLACED,
  REASON_FORGOTTEN,
  REASON_IN_PROGRESS,
  REASON_NOT_ASKED,
  REASON_NOT_CONFIRMED,
  REASON_ABANDONED
};

static const char forbidden[] =
    "exactlyOnce could not ask: this user may not call pg_control_system(), so "
    "that another server cannot be told from this one";

static const char not_confirmed[] =
    "the server committed it, but its synchronous standbys did not confirm it";

static const char *const reasons[] = {
    [REASON_NONE] = NULL,
    [REASON_NOTHING_WRITTEN] = "the transaction had written nothing so far",
    [REASON_FORBIDDEN] = forbidden,
    [REASON_OTHER_SERVER] = "another server answers now",
    [REASON_REPLACED] = "the server was replaced by a standby",
    [REASON_FORGOTTEN] = "the server does not remember the transaction",
    [REASON_IN_PROGRESS] = "the transaction is still in progress",
    [REASON_NOT_ASKED] = "the server could not be asked",
    [REASON_NOT_CONFIRMED] = not_confirmed,
    [REASON_ABANDONED] = "the caller had no time to wait for the answer",
};

const char *hf_fate_state_name(enum hf_fate_state state) {
  return states[state].name;
}

/* The only place that changes the state. */
static void move(struct hf_fate *fate, enum hf_fate_state next) {
  assert((states[fate->state].next & 1u << next) != 0);
  fate->state = next;
}

/* ---- what is to be done in a state --------------------------------------- */

static enum hf_fate_step step_of(const struct hf_fate *fate) {
  switch (fate->state) {
  case HF_FATE_STATE_LOST:
    return HF_FATE_CONNECT;
  case HF_FATE_STATE_ASKED:
    return HF_FATE_ASK;
  case HF_FATE_STATE_WAITING:
  case HF_FATE_STATE_RETRYING:
    return HF_FATE_PAUSE;
  case HF_FATE_STATE_TERMINATING:
    return HF_FATE_TERMINATE;
  case HF_FATE_STATE_LISTED:
    return HF_FATE_STANDBYS;
  case HF_FATE_STATE_CONFIRMING:
    return HF_FATE_CONFIRM;
  case HF_FATE_STATE_COMMITTED:
    return HF_FATE_COMMITTED;
  case HF_FATE_STATE_ROLLED_BACK:
    return HF_FATE_ROLLED_BACK;
  case HF_FATE_STATE_UNKNOWN:
  case HF_FATE_STATES:
    break;
  }
  return HF_FATE_UNKNOWN;
}

/*
 * Doubles from the first pause to the longest, but ends when the patience does.
 */
static int32_t pause_of(const struct hf_fate *fate, double now_ms) {
  double patience_ms = fate->asked_at + (double)HF_FATE_PATIENCE_MS - now_ms;
  int32_t delay_ms = HF_FATE_FIRST_PAUSE_MS;
  int32_t i;
  if (fate->state == HF_FATE_STATE_RETRYING) {
    return HF_FATE_PAUSE_MS;
  }
  for (i = 1; i < fate->pauses && delay_ms < HF_FATE_PAUSE_MS; i++) {
    delay_ms *= 2;
  }
  delay_ms = delay_ms < HF_FATE_PAUSE_MS ? delay_ms : HF_FATE_PAUSE_MS;
  return patience_ms >= 1 && patience_ms < delay_ms ? (int32_t)patience_ms
                                                    : delay_ms;
}

static struct hf_fate_order order(const struct hf_fate *fate, double now_ms) {
  struct hf_fate_order made = {step_of(fate), 0, 1, NULL};
  if (fate->until - now_ms > 1) {
    made.left_ms = (int32_t)(fate->until - now_ms);
  }
  if (made.step == HF_FATE_PAUSE) {
    made.delay_ms = pause_of(fate, now_ms);
  }
  if (fate->state == HF_FATE_STATE_UNKNOWN) {
    made.reason = reasons[fate->reason];
  }
  return made;
}

/* ---- moves --------------------------------------------------------------- */

static void give_up(struct hf_fate *fate, enum reason reason) {
  fate->reason = (int32_t)reason;
  move(fate, HF_FATE_STATE_UNKNOWN);
}

/* Waits before the next question, or gives up if it would come too late. */
static void pause_in(struct hf_fate *fate,
                     enum hf_fate_state state,
                     enum reason reason,
                     double now_ms) {
  if (now_ms + (double)HF_FATE_PAUSE_MS >= fate->until) {
    give_up(fate, reason);
  } else {
    move(fate, state);
  }
}

/* A step failed, possibly because of its connection: starts over on another. */
static void fail(struct hf_fate *fate, bool refused, double now_ms) {
  enum reason reason =
      fate->committed ? REASON_NOT_CONFIRMED : REASON_NOT_ASKED;
  if (fate->state == HF_FATE_STATE_TERMINATING) {
    /*
     * A user that may not terminate the backend can still ask until the
     * transaction ends by itself.
     */
    pause_in(fate, HF_FATE_STATE_RETRYING, REASON_IN_PROGRESS, now_ms);
  } else if (refused) {
    give_up(fate, reason);
  } else {
    pause_in(fate, HF_FATE_STATE_RETRYING, reason, now_ms);
  }
}

/* The transaction is still in progress: gives it some time to end by itself. */
static void note_in_progress(struct hf_fate *fate, double now_ms) {
  if (fate->pauses == 0) {
    fate->asked_at = now_ms;
  }
  fate->pauses++;
  if (now_ms - fate->asked_at >= (double)HF_FATE_PATIENCE_MS) {
    fate->pauses =
        0; /* it will have ended by the next question, which comes soon */
    move(fate, HF_FATE_STATE_TERMINATING);
  } else {
    pause_in(fate, HF_FATE_STATE_WAITING, REASON_IN_PROGRESS, now_ms);
  }
}

static bool is(const char *text, const char *word) {
  return text != NULL && strcmp(text, word) == 0;
}

/*
 * Another server, or another timeline, may have assigned the transaction id to
 * another transaction: what it says about it means nothing.
 */
static void on_answer(struct hf_fate *fate,
                      const char *const texts[3],
                      double now_ms) {
  const char *status = texts[2];
  if (!is(texts[0], fate->server)) {
    give_up(fate, REASON_OTHER_SERVER);
  } else if (!is(texts[1], fate->timeline)) {
    give_up(fate, REASON_REPLACED);
  } else if (is(status, "committed")) {
    fate->committed = true;
    move(fate, fate->waits ? HF_FATE_STATE_LISTED : HF_FATE_STATE_COMMITTED);
  } else if (is(status, "aborted")) {
    move(fate, HF_FATE_STATE_ROLLED_BACK);
  } else if (is(status, "in progress")) {
    note_in_progress(fate, now_ms);
  } else {
    give_up(fate, REASON_FORGOTTEN);
  }
}

/* Without synchronous standbys COMMIT waits for none. */
static void on_named(struct hf_fate *fate, const char *names) {
  bool none = names != NULL && names[strspn(names, " \t\n\r")] == '\0';
  move(fate, none ? HF_FATE_STATE_COMMITTED : HF_FATE_STATE_CONFIRMING);
}

/* ---- entries ------------------------------------------------------------- */

/*
 * Returns true for values of synchronous_commit with which COMMIT waits for
 * standbys.
 */
static bool waits_for_standbys(const char *value) {
  return value == NULL || is(value, "on") || is(value, "remote_write") ||
         is(value, "remote_apply");
}

/*
 * Copies an identity. Returns false if it would have to be truncated: then it
 * proves nothing.
 */
static bool keep(char *out, size_t size, const char *text) {
  size_t length = text == NULL ? size : strlen(text);
  if (length >= size) {
    return false;
  }
  memcpy(out, text, length + 1);
  return true;
}

struct hf_fate_order hf_fate_begin(struct hf_fate *fate,
                                   const struct hf_fate_identity *identity,
                                   double now_ms,
                                   double end_ms) {
  memset(fate, 0, sizeof *fate);
  fate->until = now_ms + (double)HF_FATE_ASK_MS;
  if (end_ms > 0 && end_ms < fate->until) {
    fate->until = end_ms;
  }
  fate->waits = waits_for_standbys(identity->waits);
  if (identity->xid == NULL) {
    give_up(fate, REASON_NOTHING_WRITTEN);
  } else if (!keep(fate->server, sizeof fate->server, identity->server) ||
             !keep(fate->timeline, sizeof fate->timeline, identity->timeline)) {
    give_up(fate, REASON_FORBIDDEN);
  }
  return order(fate, now_ms);
}

/* Returns true when an event is the answer to what the state asked for. */
static bool fits(const struct hf_fate *fate, enum hf_fate_event event) {
  static const enum hf_fate_event answers[] = {
      [HF_FATE_CONNECT] = HF_FATE_EVENT_CONNECTED,
      [HF_FATE_ASK] = HF_FATE_EVENT_ANSWERED,
      [HF_FATE_PAUSE] = HF_FATE_EVENT_PAUSED,
      [HF_FATE_TERMINATE] = HF_FATE_EVENT_TERMINATED,
      [HF_FATE_STANDBYS] = HF_FATE_EVENT_NAMED,
      [HF_FATE_CONFIRM] = HF_FATE_EVENT_CONFIRMED,
  };
  enum hf_fate_step step = step_of(fate);
  if (step >= HF_FATE_COMMITTED) {
    return false; /* it is over: nothing changes it */
  }
  if (event == HF_FATE_EVENT_FAILED || event == HF_FATE_EVENT_REFUSED) {
    return step != HF_FATE_PAUSE; /* a pause cannot fail */
  }
  return event == HF_FATE_EVENT_ABANDONED || event == answers[step];
}

struct hf_fate_order hf_fate_next(struct hf_fate *fate,
                                  enum hf_fate_event event,
                                  const char *const texts[3],
                                  double now_ms) {
  if (!fits(fate, event)) {
    return order(fate, now_ms);
  }
  switch (event) {
  case HF_FATE_EVENT_CONNECTED:
    move(fate, HF_FATE_STATE_ASKED);
    break;
  case HF_FATE_EVENT_ANSWERED:
    on_answer(fate, texts, now_ms);
    break;
  case HF_FATE_EVENT_PAUSED:
    move(fate,
         fate->state == HF_FATE_STATE_RETRYING ? HF_FATE_STATE_LOST
                                               : HF_FATE_STATE_ASKED);
    break;
  case HF_FATE_EVENT_TERMINATED:
    fate->pauses = 1;
    fate->asked_at = now_ms;
    pause_in(fate, HF_FATE_STATE_WAITING, REASON_IN_PROGRESS, now_ms);
    break;
  case HF_FATE_EVENT_NAMED:
    on_named(fate, texts[0]);
    break;
  case HF_FATE_EVENT_CONFIRMED:
    move(fate, HF_FATE_STATE_COMMITTED);
    break;
  case HF_FATE_EVENT_FAILED:
  case HF_FATE_EVENT_REFUSED:
    fail(fate, event == HF_FATE_EVENT_REFUSED, now_ms);
    break;
  case HF_FATE_EVENT_ABANDONED:
    give_up(fate, REASON_ABANDONED);
    break;
  case HF_FATE_EVENTS:
    break;
  }
  return order(fate, now_ms);
}
