/* SPDX-License-Identifier: MIT */
/* Whether kept answers can be trusted, on virtual time. */
#include "core/cache/trust.h"
#include "support.h"

enum { SECOND = 1000 * 1000, PROOF = 5 * SECOND, TTL = 60 * SECOND };

/* What is left of a time to live. */
static uint64_t ttl_at(struct hf_cache_trust *trust, uint64_t now_us) {
  struct hf_cache_max_age max_age = {TTL, TTL};
  hf_cache_trust_apply(trust, PROOF, now_us, &max_age);
  assert_int_equal(max_age.stale_us, TTL); /* for a server that is away */
  return max_age.ttl_us;
}

static void nothing_is_trusted_without_a_subscription(void **state) {
  struct hf_cache_trust trust = {0};
  (void)state;
  assert_int_equal(ttl_at(&trust, SECOND), 0);
  hf_cache_trust_begin(&trust, SECOND);
  assert_int_equal(ttl_at(&trust, SECOND), TTL);
}

static void the_loss_of_the_session_ends_trust_at_once(void **state) {
  struct hf_cache_trust trust = {0};
  (void)state;
  hf_cache_trust_begin(&trust, SECOND);
  hf_cache_trust_lose(&trust);
  assert_int_equal(ttl_at(&trust, SECOND), 0);
  hf_cache_trust_begin(&trust, 2 * SECOND);
  assert_int_equal(ttl_at(&trust, 2 * SECOND), TTL);
}

static void one_subscription_of_several_threads_is_enough(void **state) {
  struct hf_cache_trust trust = {0};
  (void)state;
  hf_cache_trust_begin(&trust, SECOND);
  hf_cache_trust_begin(&trust, SECOND);
  hf_cache_trust_lose(&trust);
  assert_int_equal(ttl_at(&trust, SECOND), TTL);
  hf_cache_trust_lose(&trust);
  assert_int_equal(ttl_at(&trust, SECOND), 0);
}

static void two_missed_pings_end_trust_until_the_next_answer(void **state) {
  struct hf_cache_trust trust = {0};
  (void)state;
  hf_cache_trust_begin(&trust, SECOND);
  assert_int_equal(ttl_at(&trust, SECOND + 2 * PROOF - 1), TTL);
  assert_int_equal(ttl_at(&trust, SECOND + 2 * PROOF), 0);
  assert_int_equal(trust.state, HF_TRUST_SILENT);
  hf_cache_trust_confirm(&trust, 12 * SECOND);
  assert_int_equal(ttl_at(&trust, 13 * SECOND), TTL);
}

static void an_answer_counts_from_when_its_ping_was_sent(void **state) {
  struct hf_cache_trust trust = {0};
  (void)state;
  hf_cache_trust_begin(&trust, SECOND);
  assert_int_equal(ttl_at(&trust, SECOND + 2 * PROOF), 0);
  hf_cache_trust_confirm(&trust, 12 * SECOND);
  assert_int_equal(ttl_at(&trust, 12 * SECOND + 2 * PROOF), 0);
}

static void an_older_answer_does_not_shorten_trust(void **state) {
  struct hf_cache_trust trust = {0};
  (void)state;
  hf_cache_trust_begin(&trust, 9 * SECOND);
  hf_cache_trust_confirm(&trust, SECOND);
  assert_int_equal(ttl_at(&trust, 18 * SECOND), TTL);
}

static void a_new_subscription_does_not_prolong_trust(void **state) {
  struct hf_cache_trust trust = {0};
  (void)state;
  /* It answered at 1 s, and nobody has asked it since. */
  hf_cache_trust_begin(&trust, SECOND);
  assert_int_equal(ttl_at(&trust, 100 * SECOND), 0);
  hf_cache_trust_begin(&trust, SECOND);
  assert_int_equal(ttl_at(&trust, 100 * SECOND), 0);
  hf_cache_trust_confirm(&trust, 100 * SECOND);
  assert_int_equal(ttl_at(&trust, 100 * SECOND), TTL);
  hf_cache_trust_begin(&trust, SECOND);
  assert_int_equal(ttl_at(&trust, 100 * SECOND), TTL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(nothing_is_trusted_without_a_subscription),
      cmocka_unit_test(the_loss_of_the_session_ends_trust_at_once),
      cmocka_unit_test(one_subscription_of_several_threads_is_enough),
      cmocka_unit_test(two_missed_pings_end_trust_until_the_next_answer),
      cmocka_unit_test(an_answer_counts_from_when_its_ping_was_sent),
      cmocka_unit_test(an_older_answer_does_not_shorten_trust),
      cmocka_unit_test(a_new_subscription_does_not_prolong_trust),
  };
  return cmocka_run_group_tests_name("trust", tests, NULL, NULL);
}
