/* SPDX-License-Identifier: MIT */
#include "core/policy/breaker.h"

#include "core/policy/backoff.h"

/*
 * Half of the pace is fixed; the other half spreads the probes of many
 * processes.
 */
static int32_t jittered(int32_t pace_ms, uint32_t random) {
  return pace_ms - hf_backoff_spread(pace_ms / 2, random);
}

static int32_t next_wait(struct hf_breaker *breaker,
                         enum hf_breaker_pace pace,
                         uint32_t random) {
  int32_t wait;

  switch (pace) {
  case HF_PACE_SLOW:
    return HF_BREAKER_SLOW_MS +
           hf_backoff_spread(HF_BREAKER_SLOW_MS / 2, random);
  case HF_PACE_REFUSED:
    return HF_BREAKER_REFUSED_MS;
  case HF_PACE_NORMAL:
    break;
  }
  wait = jittered(breaker->pace_ms, random);
  breaker->pace_ms = breaker->pace_ms * 2 > HF_BREAKER_PACE_MAX_MS
                         ? HF_BREAKER_PACE_MAX_MS
                         : breaker->pace_ms * 2;
  return wait;
}

static int32_t background_wait(const struct hf_breaker *breaker,
                               enum hf_breaker_pace pace) {
  if (pace == HF_PACE_REFUSED) {
    return HF_BREAKER_BACKGROUND_REFUSED_MS;
  }
  if (breaker->background_ms < HF_BREAKER_BACKGROUND_MIN_MS) {
    return HF_BREAKER_BACKGROUND_MIN_MS;
  }
  return breaker->background_ms * 2 > HF_BREAKER_BACKGROUND_MAX_MS
             ? HF_BREAKER_BACKGROUND_MAX_MS
             : breaker->background_ms * 2;
}

void hf_breaker_init(struct hf_breaker *breaker) {
  breaker->circuit = HF_CIRCUIT_CLOSED;
  breaker->failures = 0;
  breaker->pace_ms = HF_BREAKER_PACE_MIN_MS;
  breaker->next_at_ms = 0;
  breaker->probe_soon_at_ms = 0;
  breaker->background_ms = 0;
  breaker->background_at_ms = 0;
  breaker->failed_at_ms = 0;
}

bool hf_breaker_allow(struct hf_breaker *breaker, uint64_t now_ms) {
  switch (breaker->circuit) {
  case HF_CIRCUIT_CLOSED:
    return true;
  case HF_CIRCUIT_OPEN:
    if (now_ms < breaker->next_at_ms) {
      return false;
    }
    breaker->circuit = HF_CIRCUIT_HALF_OPEN;
    return true;
  case HF_CIRCUIT_HALF_OPEN:
    return false;
  }
  return false;
}

void hf_breaker_success(struct hf_breaker *breaker) {
  hf_breaker_init(breaker);
}

void hf_breaker_failure(struct hf_breaker *breaker,
                        uint64_t now_ms,
                        enum hf_breaker_pace pace,
                        uint32_t random) {
  uint64_t next_at;

  if (breaker->failures < INT32_MAX) {
    breaker->failures++;
  }
  breaker->failed_at_ms = now_ms;
  if (breaker->circuit == HF_CIRCUIT_CLOSED && pace == HF_PACE_NORMAL &&
      breaker->failures < HF_BREAKER_THRESHOLD) {
    return;
  }
  /*
   * Connects that began before it opened may still fail: the pace is unchanged.
   */
  if (breaker->circuit == HF_CIRCUIT_OPEN && pace == HF_PACE_NORMAL) {
    return;
  }
  next_at = now_ms + (uint64_t)next_wait(breaker, pace, random);
  if (breaker->circuit == HF_CIRCUIT_OPEN && next_at < breaker->next_at_ms) {
    return;
  }
  breaker->circuit = HF_CIRCUIT_OPEN;
  breaker->next_at_ms = next_at;
  breaker->background_ms = background_wait(breaker, pace);
  breaker->background_at_ms = now_ms + (uint64_t)breaker->background_ms;
  breaker->probe_soon_at_ms =
      now_ms + (uint64_t)(pace == HF_PACE_REFUSED
                              ? HF_BREAKER_PROBE_SOON_REFUSED_MS
                              : HF_BREAKER_PROBE_SOON_MS);
}

void hf_breaker_probe_soon(struct hf_breaker *breaker, uint64_t now_ms) {
  uint64_t at =
      now_ms > breaker->probe_soon_at_ms ? now_ms : breaker->probe_soon_at_ms;
  if (breaker->circuit == HF_CIRCUIT_OPEN && at < breaker->next_at_ms) {
    breaker->next_at_ms = at;
  }
}

void hf_breaker_probe_dropped(struct hf_breaker *breaker) {
  if (breaker->circuit == HF_CIRCUIT_HALF_OPEN) {
    breaker->circuit = HF_CIRCUIT_OPEN;
  }
}

uint64_t hf_breaker_next_at(const struct hf_breaker *breaker) {
  return breaker->circuit == HF_CIRCUIT_CLOSED ? 0 : breaker->next_at_ms;
}

uint64_t hf_breaker_background_at(const struct hf_breaker *breaker) {
  uint64_t next_at = hf_breaker_next_at(breaker);
  return breaker->background_at_ms > next_at ? breaker->background_at_ms
                                             : next_at;
}

enum hf_circuit hf_breaker_state(const struct hf_breaker *breaker) {
  return breaker->circuit;
}

enum hf_breaker_pace hf_breaker_pace_of(const struct hf_classification *why) {
  if (why->outcome == HF_OUTCOME_PERMANENT) {
    return HF_PACE_REFUSED;
  }
  return why->slow ? HF_PACE_SLOW : HF_PACE_NORMAL;
}
