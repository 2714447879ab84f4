/* SPDX-License-Identifier: MIT */
/* Command tags, from a scripted server. */
#include <stdio.h>
#include <string.h>

#include "encode_support.h"
#include "support_server.h"

static bool answer_tag(struct fake_session *session,
                       const char *sql,
                       void *ctx) {
  (void)ctx;
  if (*sql == '\0') {
    return fake_send(session, 'I', NULL, 0) || true;
  }
  (void)fake_send_tag(session, sql); /* the text is the tag */
  return true;
}

static void has_tag(PGconn *connection,
                    const char *tag,
                    enum hf_command command,
                    int64_t affected,
                    const char *word) {
  PGresult *result = PQexec(connection, tag);
  struct hf_message *message = encode(result, ALL);
  const int32_t *ints = message->ints;
  int64_t got =
      (int64_t)(((uint64_t)(uint32_t)ints[HF_RESULT_AFFECTED_HIGH] << 32) |
                (uint32_t)ints[HF_RESULT_AFFECTED_LOW]);
  assert_int_equal(ints[HF_RESULT_COMMAND], command);
  assert_true(got == affected);
  assert_int_equal(message->n_chunks, word == NULL ? 0 : 1);
  if (word != NULL) {
    assert_int_equal(message->chunks[0].length, strlen(word));
    assert_memory_equal(message->bytes + message->chunks[0].offset,
                        word,
                        strlen(word));
  }
  hf_message_free(message);
  PQclear(result);
}

static void tags_are_read_as_pg_reads_them(void **state) {
  struct fake_plan plan = {.key_pid = 1, .answer = answer_tag};
  struct fake_server *server = fake_server_start(&plan);
  char conninfo[128];
  PGconn *connection;
  (void)state;
  (void)snprintf(conninfo,
                 sizeof conninfo,
                 "host=127.0.0.1 port=%d user=x sslmode=disable",
                 fake_server_port(server));
  connection = PQconnectdb(conninfo);
  assert_int_equal(PQstatus(connection), CONNECTION_OK);
  has_tag(connection, "INSERT 0 5", HF_COMMAND_INSERT, 5, NULL);
  has_tag(connection,
          "SELECT 12345678901",
          HF_COMMAND_SELECT,
          12345678901,
          NULL);
  has_tag(connection, "UPDATE 0", HF_COMMAND_UPDATE, 0, NULL);
  has_tag(connection, "DELETE 1", HF_COMMAND_DELETE, 1, NULL);
  has_tag(connection, "BEGIN", HF_COMMAND_BEGIN, -1, NULL);
  has_tag(connection, "COMMIT", HF_COMMAND_COMMIT, -1, NULL);
  has_tag(connection, "ROLLBACK", HF_COMMAND_ROLLBACK, -1, NULL);
  has_tag(connection, "SET", HF_COMMAND_SET, -1, NULL);
  has_tag(connection, "CREATE TABLE", HF_COMMAND_OTHER, -1, "CREATE");
  has_tag(connection, "FETCH 3", HF_COMMAND_OTHER, 3, "FETCH");
  has_tag(connection, "", HF_COMMAND_EMPTY, -1, NULL);
  PQfinish(connection);
  fake_server_stop(server);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(tags_are_read_as_pg_reads_them),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
