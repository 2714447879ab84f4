/* SPDX-License-Identifier: MIT */
#include "net/connect/connect.h"

#include <string.h>

#include <uv.h>

#include "core/base/alloc.h"
#include "net/base/clock.h"
#include "net/base/loop.h"
#include "net/base/system.h"
#include "net/connect/attempt.h"
#include "net/connect/connect_error.h"
#include "net/connect/connect_race.h"
#include "net/connect/hosts.h"
#include "net/connect/lookups.h"
#include "net/connect/target.h"

enum { NS_PER_MS = 1000 * 1000 };

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
    hf_connect_race_fail_with(connect, HF_NO_MEMORY);
  } else if (connect->random) {
    hf_host_shuffle(host, random_of, connect->options.loop);
  }
  hf_connect_race_advance(connect);
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
    hf_connect_race_fail(connect); /* `error` is filled in */
  } else if (status != HF_OK) {
    hf_connect_race_fail_by_system(connect, status);
  } else {
    hf_connect_race_advance(connect);
  }
  connect->options.password = NULL; /* was borrowed */
  connect->options.question = NULL;
  connect->options.address = NULL;
  return connect;
}

void hf_connect_stop(struct hf_connect *connect) {
  hf_connect_race_close(connect);
}

bool hf_connect_is_identifying(const struct hf_connect *connect,
                               const char **host,
                               const char **pem) {
  const struct hf_attempt *chosen = connect->chosen;
  if (chosen == NULL || chosen->job->certificates == NULL) {
    return false;
  }
  *host = chosen->job->host;
  *pem = chosen->job->certificates;
  return true;
}

void hf_connect_identify(struct hf_connect *connect, const char *refusal) {
  const char *host, *pem;
  if (!hf_connect_is_identifying(connect, &host, &pem)) {
    return;
  }
  if (refusal == NULL) {
    hf_target_approve(connect->options.target, pem);
    hf_attempt_accept(connect->chosen);
  } else {
    hf_attempt_refuse(connect->chosen, refusal);
  }
}

bool hf_connect_was_delayed_here(const struct hf_connect *connect) {
  return connect->delayed_here;
}
