/* SPDX-License-Identifier: MIT */
#include "net/connect/connect_race.h"

#include <errno.h>
#include <string.h>

#include "core/base/alloc.h"
#include "net/base/clock.h"
#include "net/base/loop.h"
#include "net/base/system.h"
#include "net/connect/attempt.h"
#include "net/connect/connect_error.h"
#include "net/connect/connect_job.h"
#include "net/connect/target.h"

enum { NS_PER_MS = 1000 * 1000 };

/* RFC 8305's "Connection Attempt Delay". */
#define STAGGER_NS     (250ull * NS_PER_MS)
/* A server that is up does not take longer to answer, unless it starts. */
#define SILENCE_MAX_NS (2000ull * NS_PER_MS)

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

void hf_connect_race_close(struct hf_connect *connect) {
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

static void on_timer(uv_timer_t *timer);

void hf_connect_race_fail(struct hf_connect *connect) {
  connect->over = true;
  (void)uv_timer_start(&connect->timer, on_timer, 0, 0);
}

void hf_connect_race_fail_with(struct hf_connect *connect,
                               enum hf_status status) {
  hf_error_set(&connect->error, status, HF_PHASE_CONNECT, NULL);
  hf_connect_race_fail(connect);
}

void hf_connect_race_fail_by_system(struct hf_connect *connect,
                                    enum hf_status status) {
  if (status == HF_NO_MEMORY) {
    hf_connect_race_fail_with(connect, status);
  } else {
    (void)hf_connect_error_system(&connect->error, errno, HF_NO_THREAD);
    hf_connect_race_fail(connect);
  }
}

static void finish(struct hf_connect *connect, struct hf_connect_job *job) {
  connect->options.done(connect->options.ctx, job, &connect->error);
  hf_connect_race_close(connect);
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
  hf_connect_race_advance(connect);
}

static void on_activity(struct hf_attempt *attempt) {
  struct hf_connect *connect = attempt->owner;
  if (connect->chosen == attempt) {
    drop_others(connect, attempt);
    hf_connect_race_advance(connect);
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

static void on_certificates(struct hf_attempt *attempt) {
  struct hf_connect *connect = attempt->owner;
  const char *pem = attempt->job->certificates;
  if (connect->options.on_certificates != NULL) {
    connect->options.on_certificates(connect->options.ctx,
                                     attempt->job->host,
                                     pem);
  } else if (hf_target_has_approved(connect->options.target, pem)) {
    hf_attempt_accept(attempt);
  } else {
    hf_attempt_refuse(attempt,
                      "checkServerIdentity has not accepted this certificate");
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
    hf_connect_race_fail(connect);
    return;
  }
  hf_connect_race_advance(connect);
}

static enum hf_status prepare_job(const struct hf_connect *connect,
                                  struct hf_connect_job *job,
                                  struct hf_route_choice choice) {
  const struct hf_host *host = &connect->hosts.list[choice.host];
  const struct hf_route *route = hf_hosts_route(&connect->hosts, choice);
  const char *name = hf_target_get(connect->options.target, "ssl_servername");
  bool renamed = name != NULL && *route->address != '\0';
  enum hf_status status = hf_connect_job_set_place(job,
                                                   renamed ? name : host->name,
                                                   route->address,
                                                   host->port);
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
  attempt->on_certificates = on_certificates;
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

/* Finds the next address. At first a name that is looked up is waited for. */
static bool find_next(const struct hf_connect *connect,
                      uint64_t now_ns,
                      struct hf_route_choice *choice) {
  bool wait_for_names = now_ns < connect->began_ns + STAGGER_NS;
  bool any = connect->one_address || connect->random;
  return (!any && hf_hosts_find_remembered(&connect->hosts,
                                           connect->options.target,
                                           choice)) ||
         hf_hosts_find_new(&connect->hosts, wait_for_names, choice);
}

/* All addresses have failed. */
static void end_round(struct hf_connect *connect) {
  if (!connect->wrong_role || connect->fallback || connect->role == NULL ||
      strcmp(connect->role, "standby") != 0) {
    hf_connect_race_fail(connect);
    return;
  }
  /* prefer-standby: there is no standby, so that any server will do. */
  connect->fallback = true;
  connect->role = "any";
  hf_hosts_renew(&connect->hosts);
  hf_connect_race_advance(connect);
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
  if (connect->chosen == NULL) {
    return 0;
  }
  return connect->chosen->job->certificates != NULL
             ? connect->end_ns
             : connect->chosen->active_ns + connect->silence_max_ns;
}

void hf_connect_race_advance(struct hf_connect *connect) {
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
      hf_connect_race_fail_by_system(connect, status);
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
    hf_connect_race_advance(connect);
  }
  hf_loop_turn(loop);
}
