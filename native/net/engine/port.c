/* SPDX-License-Identifier: MIT */
/* Ports: what an environment has, and its pools' figures. */
#include "net/engine/port.h"

#include "core/base/stats.h"

bool hf_port_gauges(struct hf_port *port, int32_t pool, struct hf_gauges *out) {
  const struct hf_stats *stats;
  uv_mutex_lock(&port->gauges_lock);
  stats = hf_map_get(&port->gauges, (uint64_t)pool);
  if (stats != NULL) {
    hf_stats_get_gauges(stats, out);
  }
  uv_mutex_unlock(&port->gauges_lock);
  return stats != NULL;
}

size_t hf_port_stats(struct hf_port *port,
                     int32_t pool,
                     double *out,
                     size_t n) {
  const struct hf_stats *stats;
  size_t count = 0;
  uv_mutex_lock(&port->gauges_lock);
  stats = hf_map_get(&port->gauges, (uint64_t)pool);
  if (stats != NULL) {
    count = hf_stats_read(stats, out, n);
  }
  uv_mutex_unlock(&port->gauges_lock);
  return count;
}

size_t hf_port_buckets(struct hf_port *port,
                       int32_t pool,
                       double *out,
                       size_t n) {
  const struct hf_stats *stats;
  size_t count = 0;
  uv_mutex_lock(&port->gauges_lock);
  stats = hf_map_get(&port->gauges, (uint64_t)pool);
  if (stats != NULL) {
    count = hf_stats_read_buckets(stats, out, n);
  }
  uv_mutex_unlock(&port->gauges_lock);
  return count;
}

void hf_port_publish(struct hf_port *port, int32_t number, void *stats) {
  uv_mutex_lock(&port->gauges_lock);
  if (stats == NULL) {
    (void)hf_map_remove(&port->gauges, (uint64_t)number);
  } else {
    /* Without memory the gauges just stay unseen. */
    (void)!hf_map_set(&port->gauges, (uint64_t)number, stats);
  }
  uv_mutex_unlock(&port->gauges_lock);
}

struct hf_handle *hf_port_handle(const struct hf_port *port, int32_t number) {
  return hf_map_get(&port->handles, (uint64_t)number);
}
