/* SPDX-License-Identifier: MIT */
/* Command tags and what was written: which statement wrote. */
#include <string.h>

#include "core/pool/lease.h"
#include "core/sql/command.h"
#include "support.h"

static int32_t effects_of(const char *word) {
  return hf_command_effects(word, strlen(word));
}

static bool writes(const char *word) {
  return (effects_of(word) & HF_COMMAND_WRITES) != 0;
}

static bool holds(const char *word) {
  return (effects_of(word) & HF_COMMAND_SESSION) != 0;
}

static void commands_that_change_data_may_leave_something_durable(
    void **state) {
  static const char *const words[] = {"INSERT",
                                      "UPDATE",
                                      "DELETE",
                                      "MERGE",
                                      "CREATE",
                                      "SELECT",
                                      "CALL",
                                      "DO",
                                      "COMMIT",
                                      "PREPARE",
                                      "COPY",
                                      "VACUUM",
                                      "NEVER_HEARD_OF"};
  size_t i;

  (void)state;
  for (i = 0; i < sizeof words / sizeof *words; i++) {
    assert_true(writes(words[i]));
  }
}

static void commands_about_sessions_and_cursors_leave_nothing_durable(
    void **state) {
  static const char *const words[] = {"",
                                      "BEGIN",
                                      "START",
                                      "ROLLBACK",
                                      "SAVEPOINT",
                                      "RELEASE",
                                      "CLOSE",
                                      "FETCH",
                                      "MOVE",
                                      "DECLARE",
                                      "DISCARD",
                                      "DEALLOCATE",
                                      "LISTEN",
                                      "SET",
                                      "RESET",
                                      "SHOW",
                                      "UNLISTEN"};
  size_t i;

  (void)state;
  for (i = 0; i < sizeof words / sizeof *words; i++) {
    assert_false(writes(words[i]));
  }
}

static void transaction_control_leaves_nothing_in_the_session(void **state) {
  static const char *const words[] =
      {"BEGIN", "START", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE"};
  size_t i;

  (void)state;
  for (i = 0; i < sizeof words / sizeof *words; i++) {
    assert_false(holds(words[i]));
  }
  assert_true(holds("SET"));
  assert_true(holds("LISTEN"));
  assert_true(holds("INSERT"));
  assert_true(holds(""));
}

static void a_word_is_compared_as_a_whole(void **state) {
  (void)state;
  assert_true(writes("SETTLE"));
  assert_true(writes("SE"));
  assert_false((hf_command_effects("SET", 3) & HF_COMMAND_WRITES) != 0);
}

/* ---- on a lease ---------------------------------------------------------- */

static struct hf_lease granted(void) {
  struct hf_lease lease;

  hf_lease_init(&lease, NULL);
  lease.transaction = 'I';
  return lease;
}

static bool note(struct hf_lease *lease, const char *word, char transaction) {
  return hf_lease_note_result(lease, effects_of(word), transaction);
}

static void a_write_outside_a_transaction_is_durable_at_once(void **state) {
  struct hf_lease lease = granted();

  (void)state;
  assert_true(note(&lease, "INSERT", 'I'));
  assert_false(note(&lease, "SET", 'I'));
}

static void a_write_in_a_transaction_is_durable_at_its_commit(void **state) {
  struct hf_lease lease = granted();

  (void)state;
  assert_false(note(&lease, "BEGIN", 'T'));
  assert_false(note(&lease, "INSERT", 'T'));
  assert_false(note(&lease, "SET", 'T'));
  assert_true(note(&lease, "COMMIT", 'I'));
  assert_false(note(&lease, "COMMIT", 'I'));
}

static void the_commit_of_a_read_only_transaction_makes_nothing_durable(
    void **state) {
  struct hf_lease lease = granted();

  (void)state;
  assert_false(note(&lease, "BEGIN", 'T'));
  assert_false(hf_lease_note_result(&lease, 0, 'T'));
  assert_false(note(&lease, "COMMIT", 'I'));
}

static void writes_that_were_rolled_back_are_not_durable(void **state) {
  struct hf_lease lease = granted();

  (void)state;
  (void)note(&lease, "BEGIN", 'T');
  (void)note(&lease, "INSERT", 'T');
  assert_false(note(&lease, "ROLLBACK", 'I'));
  (void)note(&lease, "BEGIN", 'T');
  assert_false(note(&lease, "COMMIT", 'I'));
}

static void the_writes_of_a_failed_commit_are_not_durable(void **state) {
  struct hf_lease lease = granted();

  (void)state;
  (void)note(&lease, "BEGIN", 'T');
  (void)note(&lease, "INSERT", 'T');
  assert_false(hf_lease_note_result(&lease, 0, 'I'));
  assert_false(lease.wrote);
}

static void an_unknown_status_keeps_the_last_one(void **state) {
  struct hf_lease lease = granted();

  (void)state;
  assert_true(note(&lease, "INSERT", 0));
  (void)note(&lease, "BEGIN", 'T');
  assert_false(note(&lease, "INSERT", 0));
  assert_true(lease.wrote);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(commands_that_change_data_may_leave_something_durable),
      cmocka_unit_test(
          commands_about_sessions_and_cursors_leave_nothing_durable),
      cmocka_unit_test(transaction_control_leaves_nothing_in_the_session),
      cmocka_unit_test(a_word_is_compared_as_a_whole),
      cmocka_unit_test(a_write_outside_a_transaction_is_durable_at_once),
      cmocka_unit_test(a_write_in_a_transaction_is_durable_at_its_commit),
      cmocka_unit_test(
          the_commit_of_a_read_only_transaction_makes_nothing_durable),
      cmocka_unit_test(writes_that_were_rolled_back_are_not_durable),
      cmocka_unit_test(the_writes_of_a_failed_commit_are_not_durable),
      cmocka_unit_test(an_unknown_status_keeps_the_last_one),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
