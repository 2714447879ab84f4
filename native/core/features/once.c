/* SPDX-License-Identifier: MIT */
#include "core/features/once.h"

#include <assert.h>

/* clang-format off */
static const struct {
  const char *name;
  unsigned next; /* set of allowed states */
} states[] = {
  [HF_ONCE_ACQUIRING]    = {"acquiring", 1u << HF_ONCE_RUNNING |
                                         1u << HF_ONCE_OVER},
  [HF_ONCE_RUNNING]      = {"running", 1u << HF_ONCE_COMMITTING |
                                       1u << HF_ONCE_ROLLING_BACK |
                                       1u << HF_ONCE_OVER},
  [HF_ONCE_COMMITTING]   = {"committing", 1u << HF_ONCE_OVER},
  [HF_ONCE_ROLLING_BACK] = {"rolling back", 1u << HF_ONCE_OVER},
  [HF_ONCE_OVER]         = {"over", 0},
};
/* clang-format on */

const char *hf_once_state_name(enum hf_once_state state) {
  return states[state].name;
}

/* The only place that changes the state. */
static void move(struct hf_once *once, enum hf_once_state next) {
  assert((states[once->state].next & 1u << next) != 0);
  once->state = next;
}

void hf_once_init(struct hf_once *once) {
  once->state = HF_ONCE_ACQUIRING;
}

void hf_once_on_refused(struct hf_once *once) {
  assert(once->state == HF_ONCE_ACQUIRING);
  move(once, HF_ONCE_OVER);
}

enum hf_once_order hf_once_on_lent(struct hf_once *once, bool abandoned) {
  move(once, abandoned ? HF_ONCE_OVER : HF_ONCE_RUNNING);
  return abandoned ? HF_ONCE_DO_RELEASE : HF_ONCE_DO_RUN;
}

enum hf_once_order hf_once_on_ran(struct hf_once *once,
                                  const struct hf_once_answer *answer) {
  bool over = answer->lost || answer->abandoned;
  bool open = answer->transaction == 'T' || answer->transaction == 'E';
  assert(once->state == HF_ONCE_RUNNING);
  if (over || (answer->failed && !open)) {
    move(once, HF_ONCE_OVER);
    return HF_ONCE_DO_RELEASE;
  }
  if (answer->failed || !answer->known) {
    move(once, HF_ONCE_ROLLING_BACK);
    return HF_ONCE_DO_ROLL_BACK;
  }
  /*
   * Also where no transaction is open: the server warns of such a COMMIT, and
   * what the warning says is in doubt is asked for.
   */
  move(once, HF_ONCE_COMMITTING);
  return HF_ONCE_DO_COMMIT;
}

void hf_once_on_ended(struct hf_once *once) {
  assert(once->state != HF_ONCE_ACQUIRING && once->state != HF_ONCE_RUNNING);
  if (once->state != HF_ONCE_OVER) {
    move(once, HF_ONCE_OVER);
  }
}
