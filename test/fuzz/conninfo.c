/* SPDX-License-Identifier: MIT */
/*
 * How libpq reads connection strings, for test/support/conninfo-judge.js. Each
 * line of the input is a string in hex. Each line of the output has the values
 * of the keywords given as arguments, each in hex after a "=", or "-" where
 * there is none; or it is "refused".
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libpq-fe.h>

enum { LINE_MAX_BYTES = 1 << 16 };

static int digit(char c) {
  return c <= '9' ? c - '0' : c - 'a' + 10;
}

static void print_value(const PQconninfoOption *option, const char *keyword) {
  for (; option->keyword != NULL; option++) {
    const char *at = option->val;
    if (strcmp(option->keyword, keyword) != 0 || at == NULL) {
      continue;
    }
    (void)putchar('=');
    for (; *at != '\0'; at++) {
      (void)printf("%02x", (unsigned)(unsigned char)*at);
    }
    return;
  }
  (void)putchar('-');
}

int main(int argc, char **argv) {
  static char line[LINE_MAX_BYTES];
  while (fgets(line, sizeof line, stdin) != NULL) {
    PQconninfoOption *options;
    size_t bytes = strcspn(line, "\n") / 2;
    size_t i;
    int keyword;
    for (i = 0; i < bytes; i++) {
      line[i] = (char)(digit(line[i * 2]) << 4 | digit(line[i * 2 + 1]));
    }
    line[bytes] = '\0';
    options = PQconninfoParse(line, NULL);
    if (options == NULL) {
      (void)puts("refused");
      continue;
    }
    for (keyword = 1; keyword < argc; keyword++) {
      print_value(options, argv[keyword]);
      (void)putchar(keyword + 1 < argc ? ' ' : '\n');
    }
    PQconninfoFree(options);
  }
  return 0;
}
