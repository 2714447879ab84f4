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
    COMMAND("", HF_COMMAND_HOLDS),
    COMMAND("BEGIN", 0),
    COMMAND("CLOSE", HF_COMMAND_HOLDS),
    COMMAND("COMMIT", HF_COMMAND_WRITES | HF_COMMAND_COMMITS),
    COMMAND("DEALLOCATE", HF_COMMAND_HOLDS),
    COMMAND("DECLARE", HF_COMMAND_HOLDS),
    COMMAND("DISCARD", HF_COMMAND_HOLDS),
    COMMAND("FETCH", HF_COMMAND_HOLDS),
    COMMAND("LISTEN", HF_COMMAND_HOLDS),
    COMMAND("MOVE", HF_COMMAND_HOLDS),
    COMMAND("RELEASE", 0),
    COMMAND("RESET", HF_COMMAND_HOLDS),
    COMMAND("ROLLBACK", 0),
    COMMAND("SAVEPOINT", 0),
    COMMAND("SET", HF_COMMAND_HOLDS),
    COMMAND("SHOW", HF_COMMAND_HOLDS),
    COMMAND("START", 0), /* TRANSACTION */
    COMMAND("UNLISTEN", HF_COMMAND_HOLDS),
};

int32_t hf_command_effects(const char *word, size_t bytes) {
  size_t i;
  for (i = 0; i < sizeof commands / sizeof *commands; i++) {
    if (commands[i].bytes == bytes &&
        memcmp(commands[i].word, word, bytes) == 0) {
      return commands[i].effects;
    }
  }
  return HF_COMMAND_WRITES | HF_COMMAND_HOLDS;
}
