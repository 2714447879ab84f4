/* SPDX-License-Identifier: MIT */
#include "net/engine/port.h"

#include "core/base/stats.h"

/* Returns the published statistics of a pool, or NULL. Under gauges_lock. */
static const struct hf_stats *find_stats(const struct hf_port *port,
                                         int32_t pool) {
  struct hf_table_node *node = hf_table_first(&port->published, (uint64_t)pool);
  return node == NULL
             ? NULL
             : HF_CONTAINER_OF(node, struct hf_handle, by_stats)->stats;
}

bool hf_port_gauges(struct hf_port *port, int32_t pool, struct hf_gauges *out) {
  const struct hf_stats *stats;
  uv_mutex_lock(&port->gauges_lock);
  stats = find_stats(port, pool);
  if (stats != NULL) {
    hf_stats_get_gauges(stats, out);
  }
  uv_mutex_unlock(&port->gauges_lock);
  return stats != NULL;
}

/*
 * Calls `read` for the statistics of a pool; 0 when the port has no such pool.
 */
static size_t read_stats(struct hf_port *port,
                         int32_t pool,
                         size_t (*read)(const struct hf_stats *stats,
                                        double *out,
                                        size_t n),
                         double *out,
                         size_t n) {
  const struct hf_stats *stats;
  size_t count = 0;
  uv_mutex_lock(&port->gauges_lock);
  stats = find_stats(port, pool);
  if (stats != NULL) {
    count = read(stats, out, n);
  }
  uv_mutex_unlock(&port->gauges_lock);
  return count;
}

size_t hf_port_stats(struct hf_port *port,
                     int32_t pool,
                     double *out,
                     size_t n) {
  return read_stats(port, pool, hf_stats_read, out, n);
}

size_t hf_port_buckets(struct hf_port *port,
                       int32_t pool,
                       double *out,
                       size_t n) {
  return read_stats(port, pool, hf_stats_read_buckets, out, n);
}

/* Without memory the statistics cannot be read. */
void hf_port_publish(struct hf_handle *handle, const struct hf_stats *stats) {
  struct hf_port *port = handle->port;
  uv_mutex_lock(&port->gauges_lock);
  handle->by_stats.hash = (uint64_t)handle->number;
  if (hf_table_add(&port->published, &handle->by_stats) == HF_OK) {
    handle->stats = stats;
  }
  uv_mutex_unlock(&port->gauges_lock);
}

void hf_port_unpublish(struct hf_handle *handle) {
  struct hf_port *port = handle->port;
  uv_mutex_lock(&port->gauges_lock);
  if (handle->stats != NULL) {
    hf_table_remove(&port->published, &handle->by_stats);
    handle->stats = NULL;
  }
  uv_mutex_unlock(&port->gauges_lock);
}

struct hf_handle *hf_port_handle(const struct hf_port *port, int32_t number) {
  struct hf_table_node *node = hf_table_first(&port->handles, (uint64_t)number);
  return node == NULL ? NULL
                      : HF_CONTAINER_OF(node, struct hf_handle, by_number);
}
