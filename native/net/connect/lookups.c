/* SPDX-License-Identifier: MIT */
#include "net/connect/lookups.h"

#include "core/base/alloc.h"
#include "net/connect/hosts.h"
#include "net/connect/resolve.h"

struct hf_lookup {
  struct hf_resolve_wait wait;
  struct hf_lookups *lookups;
  struct hf_host *host;
};

/* A host without addresses is known, too: there is nothing to wait for. */
static void on_resolved(struct hf_resolve_wait *wait,
                        const struct hf_addresses *found,
                        const struct hf_error *error) {
  struct hf_lookup *lookup = HF_CONTAINER_OF(wait, struct hf_lookup, wait);
  struct hf_lookups *lookups = lookup->lookups;
  if (found == NULL) {
    lookup->host->known = true;
  } else {
    (void)!hf_host_set_addresses(lookup->host, found);
    error = NULL;
  }
  lookups->done(lookups->ctx, lookup->host, error);
}

enum hf_status hf_lookups_start(struct hf_lookups *lookups,
                                struct hf_loop *loop,
                                struct hf_hosts *hosts,
                                void (*done)(void *ctx,
                                             struct hf_host *host,
                                             const struct hf_error *error),
                                void *ctx) {
  enum hf_status status = HF_OK;
  int i;
  lookups->done = done;
  lookups->ctx = ctx;
  lookups->n = hosts->n;
  lookups->list = hf_calloc((size_t)hosts->n, sizeof *lookups->list);
  if (lookups->list == NULL) {
    return HF_NO_MEMORY;
  }
  for (i = 0; i < hosts->n && status == HF_OK; i++) {
    struct hf_lookup *lookup = &lookups->list[i];
    lookup->wait.done = on_resolved;
    lookup->lookups = lookups;
    lookup->host = &hosts->list[i];
    if (!lookup->host->known) {
      status = hf_resolve_start(loop, lookup->host->name, &lookup->wait);
    }
  }
  return status;
}

void hf_lookups_stop(struct hf_lookups *lookups) {
  int i;
  for (i = 0; lookups->list != NULL && i < lookups->n; i++) {
    hf_resolve_leave(&lookups->list[i].wait);
  }
  hf_free(lookups->list);
  lookups->list = NULL;
}
