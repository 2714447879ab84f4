/* SPDX-License-Identifier: MIT */
#include "death.h"

#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <sys/wait.h>
#include <unistd.h>

bool aborts(void (*act)(void)) {
  pid_t child = fork();
  int status = 0;

  if (child == 0) {
    int null = open("/dev/null", O_WRONLY);

    (void)dup2(null, STDERR_FILENO);
    (void)dup2(null, STDOUT_FILENO);
    (void)signal(SIGABRT, SIG_DFL);
    act();
    _exit(0);
  }
  return child > 0 && waitpid(child, &status, 0) == child &&
         WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}
