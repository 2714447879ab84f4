/* SPDX-License-Identifier: MIT */
/* A throw-away cluster: see the header. */
#define _GNU_SOURCE

#include "support_cluster.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <libpq-fe.h>

enum { START_TRIES = 400, TRY_MS = 20, PATH_BYTES = 256 };

/* Who runs the server: PostgreSQL refuses to be root. */
static const struct passwd *account(void) {
  const struct passwd *found;
  if (geteuid() != 0) {
    return NULL;
  }
  found = getpwnam("postgres");
  return found != NULL ? found : getpwnam("nobody");
}

/* Starts a program in the folder, as the account; returns its pid. */
static pid_t start(const char *folder, const char *const *argv) {
  const struct passwd *who = account();
  pid_t pid = fork();
  if (pid == 0) {
    int nothing = open("/dev/null", O_RDWR);
    (void)dup2(nothing, 0);
    (void)dup2(nothing, 1);
    (void)dup2(nothing, 2);
    if (who != NULL && (setgroups(0, NULL) != 0 || setgid(who->pw_gid) != 0 ||
                        setuid(who->pw_uid) != 0)) {
      _exit(126);
    }
    (void)prctl(PR_SET_PDEATHSIG, SIGQUIT);
    if (chdir(folder) == 0) {
      (void)execvp(argv[0], (char *const *)(uintptr_t)argv);
    }
    _exit(127);
  }
  return pid;
}

static int run(const char *folder, const char *const *argv) {
  pid_t pid = start(folder, argv);
  int status = -1;
  if (pid < 0 || waitpid(pid, &status, 0) != pid) {
    return -1;
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Writes where a server program is; -1, and a sentence, when there is none. */
static int find_program(const char *name, char path[PATH_BYTES]) {
  static const char *const versions[] = {"18", "17", "16", "15", "14", "13"};
  const char *given = getenv("HOLDFAST_TEST_PGBIN");
  size_t i;
  if (given != NULL) {
    (void)snprintf(path, PATH_BYTES, "%s/%s", given, name);
    if (access(path, X_OK) == 0) {
      return 0;
    }
    (void)fprintf(stderr,
                  "no %s in %s, which HOLDFAST_TEST_PGBIN names\n",
                  name,
                  given);
    return -1;
  }
  for (i = 0; i < sizeof versions / sizeof *versions; i++) {
    (void)snprintf(path,
                   PATH_BYTES,
                   "/usr/lib/postgresql/%s/bin/%s",
                   versions[i],
                   name);
    if (access(path, X_OK) == 0) {
      return 0;
    }
  }
  (void)fprintf(stderr,
                "no %s in /usr/lib/postgresql: install PostgreSQL, or name the "
                "folder of its programs in HOLDFAST_TEST_PGBIN\n",
                name);
  return -1;
}

static int free_port(void) {
  struct sockaddr_in address = {.sin_family = AF_INET};
  socklen_t bytes = sizeof address;
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(listener, (struct sockaddr *)&address, bytes) != 0 ||
      getsockname(listener, (struct sockaddr *)&address, &bytes) != 0) {
    abort();
  }
  (void)close(listener);
  return ntohs(address.sin_port);
}

static int make_folder(struct support_cluster *cluster) {
  const struct passwd *who = account();
  char file[PATH_BYTES];
  FILE *password;
  (void)snprintf(cluster->folder, sizeof cluster->folder, "/tmp/hf-net-XXXXXX");
  if (mkdtemp(cluster->folder) == NULL) {
    return -1;
  }
  (void)snprintf(file, sizeof file, "%s/password", cluster->folder);
  password = fopen(file, "w");
  if (password == NULL) {
    return -1;
  }
  (void)fputs(SUPPORT_CLUSTER_PASSWORD "\n", password);
  (void)fclose(password);
  (void)chmod(cluster->folder, 0755);
  if (who != NULL && (chown(cluster->folder, who->pw_uid, who->pw_gid) != 0 ||
                      chown(file, who->pw_uid, who->pw_gid) != 0)) {
    return -1;
  }
  (void)snprintf(cluster->certificate,
                 sizeof cluster->certificate,
                 "%s/server.crt",
                 cluster->folder);
  return 0;
}

static int prepare(const struct support_cluster *cluster, const char *initdb) {
  const char *const make_data[] = {initdb,
                                   "-D",
                                   "data",
                                   "-N",
                                   "-E",
                                   "UTF8",
                                   "--locale=C",
                                   "-A",
                                   "scram-sha-256",
                                   "-U",
                                   SUPPORT_CLUSTER_USER,
                                   "--pwfile=password",
                                   NULL};
  const char *const make_key[] = {"openssl",
                                  "req",
                                  "-x509",
                                  "-newkey",
                                  "ec",
                                  "-pkeyopt",
                                  "ec_paramgen_curve:prime256v1",
                                  "-nodes",
                                  "-days",
                                  "2",
                                  "-subj",
                                  "/CN=localhost",
                                  "-addext",
                                  "subjectAltName=DNS:localhost",
                                  "-keyout",
                                  "server.key",
                                  "-out",
                                  "server.crt",
                                  NULL};
  return run(cluster->folder, make_data) == 0 &&
                 run(cluster->folder, make_key) == 0
             ? 0
             : -1;
}

static int wait_until_up(const struct support_cluster *cluster) {
  char conninfo[128];
  int i;
  (void)snprintf(conninfo,
                 sizeof conninfo,
                 "host=127.0.0.1 port=%d sslmode=disable",
                 cluster->port);
  for (i = 0; i < START_TRIES; i++) {
    if (PQping(conninfo) == PQPING_OK) {
      return 0;
    }
    (void)poll(NULL, 0, TRY_MS);
  }
  return -1;
}

int support_cluster_start(struct support_cluster *cluster) {
  char initdb[PATH_BYTES], postgres[PATH_BYTES], port[16];
  const char *const serve[] = {postgres,
                               "-D",
                               "data",
                               "-p",
                               port,
                               "-c",
                               "listen_addresses=127.0.0.1",
                               "-c",
                               "unix_socket_directories=",
                               "-c",
                               "ssl=on",
                               "-c",
                               "ssl_cert_file=../server.crt",
                               "-c",
                               "ssl_key_file=../server.key",
                               "-c",
                               "fsync=off",
                               NULL};

  memset(cluster, 0, sizeof *cluster);
  if (find_program("initdb", initdb) != 0 ||
      find_program("postgres", postgres) != 0 || make_folder(cluster) != 0) {
    return -1;
  }
  if (prepare(cluster, initdb) != 0) {
    (void)fprintf(stderr, "no cluster: initdb or openssl failed\n");
    support_cluster_stop(cluster);
    return -1;
  }
  cluster->port = free_port();
  (void)snprintf(port, sizeof port, "%d", cluster->port);
  cluster->pid = start(cluster->folder, serve);
  if (cluster->pid < 0 || wait_until_up(cluster) != 0) {
    (void)fprintf(stderr, "%s does not start\n", postgres);
    support_cluster_stop(cluster);
    return -1;
  }
  return 0;
}

void support_cluster_stop(struct support_cluster *cluster) {
  const char *const remove[] = {"rm", "-rf", cluster->folder, NULL};
  if (cluster->pid > 0) {
    (void)kill(cluster->pid, SIGQUIT);
    (void)waitpid(cluster->pid, NULL, 0);
    cluster->pid = 0;
  }
  if (cluster->folder[0] != '\0') {
    (void)run("/", remove);
    (void)rmdir(cluster->folder); /* which the account may not do */
    cluster->folder[0] = '\0';
  }
}
