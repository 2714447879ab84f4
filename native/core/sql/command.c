/* SPDX-License-Identifier: MIT */
#include "core/sql/command.h"

#include <string.h>

#define COMMAND(word, effects)                                                 \
  { word, sizeof(word) - 1, effects }

static const struct {
  const char *word;
  size_t bytes;
  int32_t effects;
} commands[] = {
    COMMAND("", HF_COMMAND_SESSION),
    COMMAND("BEGIN", 0),
    COMMAND("CLOSE", HF_COMMAND_SESSION),
    COMMAND("COMMIT", HF_COMMAND_WRITES | HF_COMMAND_COMMITS),
    COMMAND("DEALLOCATE", HF_COMMAND_SESSION),
    COMMAND("DECLARE", HF_COMMAND_SESSION),
    COMMAND("DISCARD", HF_COMMAND_SESSION),
    COMMAND("FETCH", HF_COMMAND_SESSION),
    COMMAND("LISTEN", HF_COMMAND_SESSION),
    COMMAND("MOVE", HF_COMMAND_SESSION),
    COMMAND("RELEASE", 0),
    COMMAND("RESET", HF_COMMAND_SESSION),
    COMMAND("ROLLBACK", 0),
    COMMAND("SAVEPOINT", 0),
    COMMAND("SET", HF_COMMAND_SESSION),
    COMMAND("SHOW", HF_COMMAND_SESSION),
    COMMAND("START", 0), /* TRANSACTION */
    COMMAND("UNLISTEN", HF_COMMAND_SESSION),
};

int32_t hf_command_effects(const char *word, size_t bytes) {
  size_t i;
  for (i = 0; i < sizeof commands / sizeof *commands; i++) {
    if (commands[i].bytes == bytes &&
        memcmp(commands[i].word, word, bytes) == 0) {
      return commands[i].effects;
    }
  }
  return HF_COMMAND_WRITES | HF_COMMAND_SESSION;
}
