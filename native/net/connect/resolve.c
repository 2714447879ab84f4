/* SPDX-License-Identifier: MIT */
#include "net/connect/resolve.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/error.h"
#include "net/base/clock.h"
#include "net/base/loop.h"
#include "net/base/socket.h"
#include "net/connect/hosts.h"

enum { MESSAGE_BYTES = 512 };

/* A look-up of this age may hang: a second one of the name is allowed. */
#define STALE_NS (2ull * 1000 * 1000 * 1000)

struct hf_resolve {
  struct hf_job job;
  struct hf_post post;
  struct hf_loop *loop;
  struct hf_link of_loop;
  struct hf_list waits;
  uint64_t began_ns;
  char *name;
  /* the result, from `done` on */
  struct hf_addresses found;
  struct hf_error error;
};

static struct hf_resolve *lookup_of(struct hf_job *job) {
  return HF_CONTAINER_OF(job, struct hf_resolve, job);
}

static void lookup_free(struct hf_resolve *lookup) {
  hf_addresses_finish(&lookup->found);
  hf_error_finish(&lookup->error);
  hf_free(lookup->name);
  hf_free(lookup);
}

static void fail(struct hf_resolve *lookup, int code, int number) {
  struct hf_error *error = &lookup->error;
  char message[MESSAGE_BYTES];
  if (code == EAI_MEMORY) {
    hf_error_set(error, HF_NO_MEMORY, HF_PHASE_CONNECT, NULL);
    return;
  }
  (void)snprintf(message,
                 sizeof message,
                 "could not look up host \"%s\": %s",
                 lookup->name,
                 hf_socket_name_error(code));
  hf_error_set(error, HF_NAME_ERROR, HF_PHASE_CONNECT, message);
  hf_error_add(error, 'y', "getaddrinfo");
  hf_error_add(error, 'a', lookup->name);
  if (code == EAI_AGAIN) {
    error->sys_errno = EAGAIN;
  } else if (code == EAI_SYSTEM) {
    error->sys_errno = number;
  }
}

/* On a worker thread. */
static void run(struct hf_job *job) {
  struct hf_resolve *lookup = lookup_of(job);
  struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
  struct addrinfo *found = NULL;
  int code = getaddrinfo(lookup->name, NULL, &hints, &found);
  if (code != 0) {
    fail(lookup, code, errno);
    return;
  }
  if (hf_addresses_copy(&lookup->found, found) != HF_OK) {
    fail(lookup, EAI_MEMORY, 0);
  }
  freeaddrinfo(found);
}

static void on_done(struct hf_job *job) {
  struct hf_resolve *lookup = lookup_of(job);
  hf_loop_post_last(lookup->loop, &lookup->post);
}

static void on_drop(struct hf_job *job) {
  lookup_free(lookup_of(job));
}

static void on_over(struct hf_post *post) {
  struct hf_resolve *lookup = HF_CONTAINER_OF(post, struct hf_resolve, post);
  bool ok = lookup->error.status == HF_OK;
  struct hf_link *link;
  hf_list_remove(&lookup->loop->lookups, &lookup->of_loop);
  while ((link = hf_list_pop(&lookup->waits)) != NULL) {
    struct hf_resolve_wait *wait =
        HF_CONTAINER_OF(link, struct hf_resolve_wait, link);
    wait->lookup = NULL;
    wait->done(wait, ok ? &lookup->found : NULL, &lookup->error);
  }
  lookup_free(lookup);
}

/*
 * Returns the newest look-up of a name, or NULL when there is none, or a single
 * one that may hang.
 */
static struct hf_resolve *find(struct hf_loop *loop, const char *name) {
  struct hf_resolve *found = NULL;
  struct hf_link *link;
  int same = 0;
  HF_LIST_EACH(link, &loop->lookups) {
    struct hf_resolve *lookup =
        HF_CONTAINER_OF(link, struct hf_resolve, of_loop);
    if (strcmp(lookup->name, name) == 0) {
      found = lookup;
      same++;
    }
  }
  return same == 1 && hf_clock_ns() - found->began_ns > STALE_NS ? NULL : found;
}

static struct hf_resolve *lookup_new(struct hf_loop *loop, const char *name) {
  struct hf_resolve *lookup = hf_calloc(1, sizeof *lookup);
  if (lookup == NULL) {
    return NULL;
  }
  lookup->name = hf_strndup(name, strlen(name));
  if (lookup->name == NULL) {
    hf_free(lookup);
    return NULL;
  }
  hf_job_init(&lookup->job, run, on_done, on_drop);
  lookup->post.run = on_over;
  lookup->loop = loop;
  lookup->began_ns = hf_clock_ns();
  hf_list_init(&lookup->waits);
  hf_error_init(&lookup->error);
  return lookup;
}

enum hf_status hf_resolve_start(struct hf_loop *loop,
                                const char *name,
                                struct hf_resolve_wait *wait) {
  struct hf_resolve *lookup = find(loop, name);
  if (lookup == NULL) {
    enum hf_status status;
    lookup = lookup_new(loop, name);
    if (lookup == NULL) {
      return HF_NO_MEMORY;
    }
    status = hf_workers_submit(loop->resolvers, &lookup->job, false);
    if (status != HF_OK) {
      int number = errno;
      lookup_free(lookup);
      errno = number;
      return status;
    }
    hf_list_push(&loop->lookups, &lookup->of_loop);
  }
  wait->lookup = lookup;
  hf_list_push(&lookup->waits, &wait->link);
  return HF_OK;
}

void hf_resolve_leave(struct hf_resolve_wait *wait) {
  if (wait->lookup != NULL) {
    hf_list_remove(&wait->lookup->waits, &wait->link);
    wait->lookup = NULL;
  }
}

bool hf_resolve_give_up_all(struct hf_loop *loop) {
  struct hf_list left;
  struct hf_link *link;
  hf_list_init(&left);
  while ((link = hf_list_pop(&loop->lookups)) != NULL) {
    struct hf_resolve *lookup =
        HF_CONTAINER_OF(link, struct hf_resolve, of_loop);
    if (!hf_workers_abandon(loop->resolvers, &lookup->job)) {
      hf_list_push(&left, link); /* it is done, and posted */
    }
  }
  while ((link = hf_list_pop(&left)) != NULL) {
    hf_list_push(&loop->lookups, link);
  }
  return hf_list_empty(&loop->lookups);
}
