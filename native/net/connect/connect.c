/* SPDX-License-Identifier: MIT */
#include "net/connect/connect.h"

#include <errno.h>
#include <string.h>

#include <uv.h>

#include "core/base/alloc.h"
#include "net/base/clock.h"
#include "net/base/loop.h"
#include "net/base/system.h"
#include "net/connect/attempt.h"
#include "net/connect/connect_error.h"
#include "net/connect/connect_job.h"
#include "net/connect/hosts.h"
#include "net/connect/lookups.h"
#include "net/connect/target.h"

enum { NS_PER_MS = 1000 * 1000 };

/* RFC 8305's "Connection Attempt Delay". */
#define STAGGER_NS     (250ull * NS_PER_MS)
/* A server that is up does not take longer to answer, unless it starts. */
#define SILENCE_MAX_NS (2000ull * NS_PER_MS)

struct hf_connect {
  struct hf_connect_options options;
  char *password, *question;
  struct hf_hosts hosts;
  struct hf_lookups lookups; /* of their names */
  struct hf_list attempts;
  struct hf_attempt *chosen; /* whose socket was connected first */
  uint64_t silence_max_ns;   /* how long its server may be silent */
  uint64_t began_ns, end_ns, next_ns;
  uv_timer_t timer;
  const char *role;      /* of this round */
  bool fallback;         /* the second round of prefer-standby */
  bool random;           /* load_balance_hosts */
  bool wrong_role;       /* some server has the wrong role */
  bool one_address;      /* the address was given */
  bool over;             /* failed; the timer reports it */
  bool delayed_here;     /* see the header */
  struct hf_error error; /* the most informative one so far */
};

static void advance(struct hf_connect *connect);

/* ---- the end ------------------------------------------------------------- */

static void on_timer_closed(uv_handle_t *handle) {
  struct hf_connect *connect = handle->data;
  struct hf_loop *loop = connect->options.loop;
  hf_target_unref(connect->options.target);
  hf_error_finish(&connect->error);
  hf_free(connect);
  loop->pending--;
  hf_loop_turn(loop);
}

/* Closes everything; the memory is freed with the timer. */
static void close_all(struct hf_connect *connect) {
  struct hf_link *link;
  while ((link = hf_list_pop(&connect->attempts)) != NULL) {
    hf_attempt_close(HF_CONTAINER_OF(link, struct hf_attempt, link));
  }
  hf_lookups_stop(&connect->lookups);
  hf_hosts_finish(&connect->hosts);
  hf_system_wipe_text(connect->password);
  hf_free(connect->question);
  connect->password = NULL;
  connect->question = NULL;
  uv_close((uv_handle_t *)&connect->timer, on_timer_closed);
}

void hf_connect_stop(struct hf_connect *connect) {
  close_all(connect);
}

bool hf_connect_was_delayed_here(const struct hf_connect *connect) {
  return connect->delayed_here;
}

static void on_timer(uv_timer_t *timer);

/* Fails. The timer calls `done`, which must not be called at once. */
static void fail(struct hf_connect *connect) {
  connect->over = true;
  (void)uv_timer_start(&connect->timer, on_timer, 0, 0);
}

static void fail_with(struct hf_connect *connect, enum hf_status status) {
  hf_error_set(&connect->error, status, HF_PHASE_CONNECT, NULL);
  fail(connect);
}

/* As fail_with; for a failure to start a thread errno says why. */
static void fail_by_system(struct hf_connect *connect, enum hf_status status) {
  if (status == HF_NO_MEMORY) {
    fail_with(connect, status);
  } else {
    (void)hf_connect_error_system(&connect->error, errno, HF_NO_THREAD);
    fail(connect);
  }
}

static void finish(struct hf_connect *connect, struct hf_connect_job *job) {
  connect->options.done(connect->options.ctx, job, &connect->error);
  close_all(connect);
}

/* ---- errors -------------------------------------------------------------- */

/* Keeps the error of a time-out, with the server that did not answer. */
static void note_timeout(struct hf_connect *connect) {
  struct hf_error error;
  struct hf_attempt *attempt = connect->chosen;
  struct hf_link *link = hf_list_first(&connect->attempts);
  const struct hf_host *host = &connect->hosts.list[0];
  int i;
  if (attempt == NULL && link != NULL) {
    attempt = HF_CONTAINER_OF(link, struct hf_attempt, link);
  }
  hf_error_init(&error);
  hf_error_set(&error, HF_CONNECT_TIMEOUT, HF_PHASE_CONNECT, NULL);
  if (attempt != NULL) {
    const char *address;
    host = &connect->hosts.list[attempt->choice.host];
    address = hf_hosts_route(&connect->hosts, attempt->choice)->address;
    hf_error_add(&error, 'a', *address == '\0' ? host->name : address);
    connect->delayed_here = attempt->working;
  } else {
    connect->delayed_here = true; /* by the resolver */
    for (i = 0; i < connect->hosts.n; i++) {
      host = &connect->hosts.list[i];
      if (!host->known) {
        hf_error_add(&error, 'a', host->name);
        hf_error_add(&error, 'y', "getaddrinfo");
        break;
      }
    }
  }
  if (*host->port != '\0') {
    hf_error_add(&error, 'o', host->port);
  }
  hf_connect_error_keep(&connect->error, &error);
  hf_error_finish(&error);
}

/* ---- attempts ------------------------------------------------------------ */

static void drop(struct hf_connect *connect,
                 struct hf_attempt *attempt,
                 enum hf_route_state state) {
  hf_hosts_route(&connect->hosts, attempt->choice)->state = state;
  hf_list_remove(&connect->attempts, &attempt->link);
  if (connect->chosen == attempt) {
    connect->chosen = NULL;
  }
  hf_attempt_close(attempt);
}

/* Closes all but one. Nothing was sent there: they may be tried again. */
static void drop_others(struct hf_connect *connect,
                        const struct hf_attempt *kept) {
  struct hf_link *link;
  struct hf_link *after;
  HF_LIST_EACH_SAFE(link, after, &connect->attempts) {
    struct hf_attempt *attempt = HF_CONTAINER_OF(link, struct hf_attempt, link);
    if (attempt != kept) {
      drop(connect, attempt, HF_ROUTE_NEW);
    }
  }
}

static void on_connected(struct hf_attempt *attempt) {
  struct hf_connect *connect = attempt->owner;
  uint64_t left_ns = 0;
  uint64_t others;
  if (connect->chosen != NULL && connect->chosen != attempt) {
    struct hf_error error;
    hf_error_init(&error);
    hf_error_set(&error, HF_CONNECT_TIMEOUT, HF_PHASE_CONNECT, NULL);
    hf_error_add(
        &error,
        'a',
        hf_hosts_route(&connect->hosts, connect->chosen->choice)->address);
    hf_connect_error_keep(&connect->error, &error);
    hf_error_finish(&error);
    drop(connect, connect->chosen, HF_ROUTE_FAILED);
  }
  drop_others(connect, attempt);
  connect->chosen = attempt;
  others = (uint64_t)hf_hosts_count_new(&connect->hosts);
  if (attempt->active_ns < connect->end_ns) {
    left_ns = connect->end_ns - attempt->active_ns;
  }
  connect->silence_max_ns = left_ns / (others + 1);
  if (connect->silence_max_ns > SILENCE_MAX_NS) {
    connect->silence_max_ns = SILENCE_MAX_NS;
  }
  advance(connect);
}

static void on_activity(struct hf_attempt *attempt) {
  struct hf_connect *connect = attempt->owner;
  if (connect->chosen == attempt) {
    drop_others(connect, attempt);
    advance(connect);
  }
}

/* The first choice of all need not be remembered. */
static void remember(struct hf_connect *connect,
                     const struct hf_attempt *attempt) {
  struct hf_target *target = connect->options.target;
  const struct hf_host *host = &connect->hosts.list[attempt->choice.host];
  if (connect->one_address || connect->random || connect->fallback) {
    return;
  }
  if (hf_hosts_is_first(&connect->hosts, attempt->choice)) {
    hf_target_remember(target, NULL, NULL, NULL);
  } else {
    hf_target_remember(
        target,
        host->name,
        hf_hosts_route(&connect->hosts, attempt->choice)->address,
        host->port);
  }
}

static void on_over(struct hf_attempt *attempt) {
  struct hf_connect *connect = attempt->owner;
  struct hf_connect_job *job = attempt->job;
  bool final;
  if (job->status == HF_OK) {
    remember(connect, attempt);
    hf_list_remove(&connect->attempts, &attempt->link);
    job = hf_attempt_take(attempt);
    job->ctx = NULL;
    connect->chosen = NULL;
    finish(connect, job);
    return;
  }
  connect->wrong_role = connect->wrong_role || job->wrong_role;
  final = hf_connect_error_is_final(&job->error);
  hf_connect_error_keep(&connect->error, &job->error);
  drop(connect, attempt, HF_ROUTE_FAILED);
  connect->next_ns = 0; /* the next one may start at once */
  if (final) {
    fail(connect);
    return;
  }
  advance(connect);
}

static enum hf_status prepare_job(const struct hf_connect *connect,
                                  struct hf_connect_job *job,
                                  struct hf_route_choice choice) {
  const struct hf_host *host = &connect->hosts.list[choice.host];
  const struct hf_route *route = hf_hosts_route(&connect->hosts, choice);
  enum hf_status status =
      hf_connect_job_set_place(job, host->name, route->address, host->port);
  if (status == HF_OK && connect->password != NULL) {
    status = hf_connect_job_set_password(job, connect->password);
  }
  if (status == HF_OK && connect->question != NULL) {
    status = hf_connect_job_set_question(job, connect->question);
  }
  job->role = connect->role;
  job->with_settings = connect->options.with_settings;
  job->detect_proxy = connect->options.detect_proxy;
  job->pid_is_optional = connect->options.pid_is_optional;
  return status;
}

static enum hf_status start_attempt(struct hf_connect *connect,
                                    struct hf_route_choice choice) {
  struct hf_connect_job *job =
      hf_connect_job_new(connect->options.target, NULL, NULL);
  struct hf_attempt *attempt;
  enum hf_status status;
  if (job == NULL) {
    return HF_NO_MEMORY;
  }
  if (prepare_job(connect, job, choice) != HF_OK ||
      (attempt = hf_attempt_new(connect->options.loop, job, connect)) == NULL) {
    hf_connect_job_free(job);
    return HF_NO_MEMORY;
  }
  attempt->choice = choice;
  attempt->on_connected = on_connected;
  attempt->on_activity = on_activity;
  attempt->on_over = on_over;
  status = hf_attempt_start(attempt);
  if (status != HF_OK) {
    int number = errno;
    hf_attempt_close(attempt);
    errno = number;
    return status;
  }
  hf_list_push(&connect->attempts, &attempt->link);
  hf_hosts_route(&connect->hosts, choice)->state = HF_ROUTE_TRIED;
  return HF_OK;
}

/* ---- whose turn it is ---------------------------------------------------- */

/* Finds the address that worked last time, if it is still in the lists. */
static bool find_remembered(const struct hf_connect *connect,
                            struct hf_route_choice *choice) {
  int i, j;
  if (connect->one_address || connect->random) {
    return false;
  }
  for (i = 0; i < connect->hosts.n; i++) {
    const struct hf_host *host = &connect->hosts.list[i];
    for (j = 0; j < host->n_routes; j++) {
      if (host->routes[j].state == HF_ROUTE_NEW &&
          hf_target_remembers(connect->options.target,
                              host->name,
                              host->routes[j].address,
                              host->port)) {
        *choice = (struct hf_route_choice){i, j};
        return true;
      }
    }
  }
  return false;
}

/* Finds the next address. At first a name that is looked up is waited for. */
static bool find_next(const struct hf_connect *connect,
                      uint64_t now_ns,
                      struct hf_route_choice *choice) {
  bool wait_for_names = now_ns < connect->began_ns + STAGGER_NS;
  return find_remembered(connect, choice) ||
         hf_hosts_find_new(&connect->hosts, wait_for_names, choice);
}

/* All addresses have failed. */
static void end_round(struct hf_connect *connect) {
  if (!connect->wrong_role || connect->fallback || connect->role == NULL ||
      strcmp(connect->role, "standby") != 0) {
    fail(connect);
    return;
  }
  /* prefer-standby: there is no standby, so that any server will do. */
  connect->fallback = true;
  connect->role = "any";
  hf_hosts_renew(&connect->hosts);
  advance(connect);
}

static uint64_t earlier(uint64_t a, uint64_t b) {
  return a < b ? a : b;
}

static void set_timer(struct hf_connect *connect,
                      uint64_t now_ns,
                      uint64_t at_ns) {
  uint64_t ms = at_ns <= now_ns ? 0 : (at_ns - now_ns) / NS_PER_MS + 1;
  uv_update_time(&connect->options.loop->uv);
  (void)uv_timer_start(&connect->timer, on_timer, ms, 0);
}

/* Returns when the chosen server has been silent for too long; 0 = none is. */
static uint64_t chosen_until_ns(const struct hf_connect *connect) {
  return connect->chosen == NULL
             ? 0
             : connect->chosen->active_ns + connect->silence_max_ns;
}

/* Starts attempts that are due, and the timer for the next one. */
static void advance(struct hf_connect *connect) {
  uint64_t now_ns = hf_clock_ns();
  uint64_t wake_ns = connect->end_ns;
  uint64_t chosen_ns = chosen_until_ns(connect);
  struct hf_route_choice choice;
  if (connect->over) {
    return;
  }
  if (chosen_ns > now_ns) {
    set_timer(connect, now_ns, earlier(wake_ns, chosen_ns));
    return;
  }
  while (find_next(connect, now_ns, &choice)) {
    enum hf_status status;
    if (connect->next_ns > now_ns) {
      wake_ns = earlier(wake_ns, connect->next_ns);
      break;
    }
    status = start_attempt(connect, choice);
    if (status != HF_OK) {
      fail_by_system(connect, status);
      return;
    }
    connect->next_ns = now_ns + STAGGER_NS;
  }
  if (hf_list_empty(&connect->attempts) &&
      hf_hosts_count_new(&connect->hosts) == 0) {
    end_round(connect);
    return;
  }
  if (now_ns < connect->began_ns + STAGGER_NS) {
    wake_ns = earlier(wake_ns, connect->began_ns + STAGGER_NS);
  }
  set_timer(connect, now_ns, wake_ns);
}

static void on_timer(uv_timer_t *timer) {
  struct hf_connect *connect = timer->data;
  struct hf_loop *loop = connect->options.loop;
  if (!connect->over && hf_clock_ns() >= connect->end_ns) {
    note_timeout(connect);
    connect->over = true;
  }
  if (connect->over) {
    finish(connect, NULL);
  } else {
    advance(connect);
  }
  hf_loop_turn(loop);
}

/* ---- the beginning ------------------------------------------------------- */

/* prefer-standby takes two rounds: libpq knows one host at a time. */
static const char *role_of(const struct hf_connect_options *options) {
  const char *role = hf_target_get(options->target, "target_session_attrs");
  if (options->role != NULL) {
    return options->role;
  }
  return role != NULL && strcmp(role, "prefer-standby") == 0 ? "standby" : NULL;
}

static enum hf_status list_hosts(struct hf_connect *connect) {
  const struct hf_connect_address *one = connect->options.address;
  return one != NULL ? hf_hosts_set_one(&connect->hosts,
                                        one->host,
                                        one->address,
                                        one->port)
                     : hf_hosts_read(&connect->hosts,
                                     connect->options.target,
                                     &connect->error);
}

static uint32_t random_of(void *ctx) {
  return hf_loop_random(ctx);
}

static void on_looked_up(void *ctx,
                         struct hf_host *host,
                         const struct hf_error *error) {
  struct hf_connect *connect = ctx;
  struct hf_error copy;
  if (error != NULL) {
    hf_error_init(&copy);
    hf_error_copy(&copy, error);
    hf_connect_error_keep(&connect->error, &copy);
    hf_error_finish(&copy);
  } else if (!host->known) {
    fail_with(connect, HF_NO_MEMORY);
  } else if (connect->random) {
    hf_host_shuffle(host, random_of, connect->options.loop);
  }
  advance(connect);
}

static enum hf_status find_hosts(struct hf_connect *connect) {
  const char *mode =
      hf_target_get(connect->options.target, "load_balance_hosts");
  enum hf_status status = list_hosts(connect);
  connect->random = mode != NULL && strcmp(mode, "random") == 0;
  if (status == HF_OK && connect->random) {
    hf_hosts_shuffle(&connect->hosts, random_of, connect->options.loop);
  }
  if (status != HF_OK) {
    return status;
  }
  return hf_lookups_start(&connect->lookups,
                          connect->options.loop,
                          &connect->hosts,
                          on_looked_up,
                          connect);
}

static bool copy(char **to, const char *text) {
  if (text != NULL) {
    *to = hf_strndup(text, strlen(text));
    return *to != NULL;
  }
  return true;
}

struct hf_connect *hf_connect_start(const struct hf_connect_options *options) {
  struct hf_connect *connect = hf_calloc(1, sizeof *connect);
  enum hf_status status;
  if (connect == NULL) {
    return NULL;
  }
  connect->options = *options;
  if (!copy(&connect->password, options->password) ||
      !copy(&connect->question, options->question)) {
    hf_system_wipe_text(connect->password);
    hf_free(connect);
    return NULL;
  }
  (void)hf_target_ref(options->target);
  hf_list_init(&connect->attempts);
  hf_error_init(&connect->error);
  connect->began_ns = hf_clock_ns();
  connect->end_ns = connect->began_ns + (uint64_t)options->limit_ms * NS_PER_MS;
  connect->role = role_of(options);
  connect->one_address = options->address != NULL;
  connect->timer.data = connect;
  (void)uv_timer_init(&options->loop->uv, &connect->timer);
  options->loop->pending++;
  status = find_hosts(connect);
  if (status == HF_PARAM_INVALID) {
    fail(connect); /* `error` is filled in */
  } else if (status != HF_OK) {
    fail_by_system(connect, status);
  } else {
    advance(connect);
  }
  connect->options.password = NULL; /* was borrowed */
  connect->options.question = NULL;
  connect->options.address = NULL;
  return connect;
}
