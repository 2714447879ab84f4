/* SPDX-License-Identifier: MIT */
/*
 * Counters, gauges and histograms of a pool.
 *
 * Ownership: plain memory of the caller; nothing to free.
 * Threads: one writer, any number of readers. Each number is read atomically,
 * but not all numbers at the same moment.
 */
#ifndef HF_CORE_BASE_STATS_H
#define HF_CORE_BASE_STATS_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "holdfast.h"

/* X(enumerator, name seen by the user) */
#define HF_STAT_MAP(X)                                                         \
  X(HF_STAT_QUERIES, "queries")                                                \
  X(HF_STAT_SUCCEEDED, "succeeded")                                            \
  X(HF_STAT_FAILED_NOT_EXECUTED, "failedNotExecuted")                          \
  X(HF_STAT_FAILED_ROLLED_BACK, "failedRolledBack")                            \
  X(HF_STAT_FAILED_AMBIGUOUS, "failedAmbiguous")                               \
  X(HF_STAT_FAILED_PERMANENT, "failedPermanent")                               \
  X(HF_STAT_RETRIES, "retries")                                                \
  X(HF_STAT_RETRIES_SUCCEEDED, "retriesSucceeded")                             \
  X(HF_STAT_RETRIES_NOT_EXECUTED, "retriesNotExecuted")                        \
  X(HF_STAT_RETRIES_ROLLED_BACK, "retriesRolledBack")                          \
  X(HF_STAT_RETRIES_AMBIGUOUS, "retriesAmbiguous")                             \
  X(HF_STAT_RETRIES_CUT, "retriesCut")                                         \
  X(HF_STAT_SUCCEEDED_ON_1, "succeededOnAttempt1")                             \
  X(HF_STAT_SUCCEEDED_ON_2, "succeededOnAttempt2")                             \
  X(HF_STAT_SUCCEEDED_ON_3, "succeededOnAttempt3")                             \
  X(HF_STAT_SUCCEEDED_ON_4, "succeededOnAttempt4")                             \
  X(HF_STAT_CONNECTS_STARTED, "connectsStarted")                               \
  X(HF_STAT_CONNECTS_SUCCEEDED, "connectsSucceeded")                           \
  X(HF_STAT_CONNECTS_FAILED, "connectsFailed")                                 \
  X(HF_STAT_CONNECTIONS_CLOSED, "connectionsClosed")                           \
  X(HF_STAT_CONNECTIONS_LOST, "connectionsLost")                               \
  X(HF_STAT_CONNECTIONS_LOST_BUSY, "connectionsLostBusy")                      \
  X(HF_STAT_ACQUIRES, "acquires")                                              \
  X(HF_STAT_ACQUIRE_TIMEOUTS, "acquireTimeouts")                               \
  X(HF_STAT_QUEUE_FULL, "queueFull")                                           \
  X(HF_STAT_DEADLINES, "deadlines")                                            \
  X(HF_STAT_TIMEOUTS, "timeouts")                                              \
  X(HF_STAT_ABORTS, "aborts")                                                  \
  X(HF_STAT_CANCELS, "cancels")                                                \
  X(HF_STAT_STATEMENTS_PREPARED, "statementsPrepared")                         \
  X(HF_STAT_STATEMENTS_REUSED, "statementsReused")                             \
  X(HF_STAT_SHARED, "shared")                                                  \
  X(HF_STAT_POOLED_UNITS, "pooledUnits")                                       \
  X(HF_STAT_ROLLED_BACK_LEASES, "rolledBackLeases")                            \
  X(HF_STAT_RESULTS_TOO_LARGE, "resultsTooLarge")                              \
  X(HF_STAT_SLOW_QUERIES, "slowQueries")                                       \
  X(HF_STAT_BREAKER_OPENED, "breakerOpened")                                   \
  X(HF_STAT_PROBES, "probes")                                                  \
  X(HF_STAT_HEALTH_CHECKS, "healthChecks")                                     \
  X(HF_STAT_HEALTH_FAILURES, "healthFailures")                                 \
  X(HF_STAT_CACHE_HITS, "cacheHits")                                           \
  X(HF_STAT_CACHE_MISSES, "cacheMisses")                                       \
  X(HF_STAT_CACHE_STALE, "cacheStale")                                         \
  X(HF_STAT_CACHE_EVICTIONS, "cacheEvictions")                                 \
  X(HF_STAT_CACHE_BYTES, "cacheBytes") /* rises and falls */                   \
  X(HF_STAT_ROWS, "rows")                                                      \
  X(HF_STAT_BYTES_IN, "bytesIn")                                               \
  X(HF_STAT_BYTES_OUT, "bytesOut")                                             \
  HF_STAT_CLASS_MAP(X)

/*
 * Errors from servers by class of their SQLSTATE. Each name ends with its
 * class, by which hf_stats_add_sqlstate() finds it.
 */
#define HF_STAT_CLASS_MAP(X)                                                   \
  X(HF_STAT_CLASS_08, "sqlState08")                                            \
  X(HF_STAT_CLASS_22, "sqlState22")                                            \
  X(HF_STAT_CLASS_23, "sqlState23")                                            \
  X(HF_STAT_CLASS_25, "sqlState25")                                            \
  X(HF_STAT_CLASS_26, "sqlState26")                                            \
  X(HF_STAT_CLASS_28, "sqlState28")                                            \
  X(HF_STAT_CLASS_40, "sqlState40")                                            \
  X(HF_STAT_CLASS_42, "sqlState42")                                            \
  X(HF_STAT_CLASS_53, "sqlState53")                                            \
  X(HF_STAT_CLASS_54, "sqlState54")                                            \
  X(HF_STAT_CLASS_55, "sqlState55")                                            \
  X(HF_STAT_CLASS_57, "sqlState57")                                            \
  X(HF_STAT_CLASS_58, "sqlState58")                                            \
  X(HF_STAT_CLASS_XX, "sqlStateXX")                                            \
  X(HF_STAT_CLASS_OTHER, "sqlStateOther")

enum hf_stat {
#define HF_STAT_ENUM(name, text) name,
  HF_STAT_MAP(HF_STAT_ENUM)
#undef HF_STAT_ENUM
      HF_STAT_COUNT
};

/* X(field of struct hf_gauges) */
/* clang-format off */
#define HF_GAUGE_MAP(X)                                                        \
  X(total) X(busy) X(idle) X(waiting) X(connecting) X(leased)                  \
  X(breaker) X(proxied) X(suspended)
/* clang-format on */

enum { HF_GAUGE_COUNT = 9 };

/* X(enumerator, stem of the names seen by the user) */
#define HF_HISTOGRAM_MAP(X)                                                    \
  X(HF_HISTOGRAM_ACQUIRE_WAIT, "acquireWait")                                  \
  X(HF_HISTOGRAM_QUERY_TIME, "queryTime")                                      \
  X(HF_HISTOGRAM_CONNECT_TIME, "connectTime")                                  \
  X(HF_HISTOGRAM_LEASE_TIME, "leaseTime")                                      \
  X(HF_HISTOGRAM_WARMUP_TIME, "warmupTime")

enum hf_histogram {
#define HF_HISTOGRAM_ENUM(name, text) name,
  HF_HISTOGRAM_MAP(HF_HISTOGRAM_ENUM)
#undef HF_HISTOGRAM_ENUM
      HF_HISTOGRAM_COUNT
};

enum {
  /* each power of two is divided into 2^4 buckets: values are off by < 7 % */
  HF_HISTOGRAM_BITS = 4,
  HF_HISTOGRAM_OCTAVES = 36, /* up to 2^40 us, twelve days */
  HF_HISTOGRAM_BUCKETS = (HF_HISTOGRAM_OCTAVES + 1) << HF_HISTOGRAM_BITS,
  HF_HISTOGRAM_VALUES = 6, /* count, sum, p50, p95, p99, max */
  /* values below 2^7 us (128 us), 2^8 us, ... 2^24 us (17 s) are counted */
  HF_HISTOGRAM_FIRST_BOUND = 7,
  HF_HISTOGRAM_BOUNDS = 18,
  HF_STATS_VALUES =
      HF_STAT_COUNT + HF_GAUGE_COUNT + HF_HISTOGRAM_COUNT * HF_HISTOGRAM_VALUES,
  /* after the named numbers: other SQLSTATEs, then pairs of code and count */
  HF_SQLSTATES = 64,
  HF_SQLSTATE_VALUES = 1 + 2 * HF_SQLSTATES,
  HF_STATS_ALL_VALUES = HF_STATS_VALUES + HF_SQLSTATE_VALUES
};

/* How often servers reported a SQLSTATE. */
struct hf_sqlstate_count {
  _Atomic uint32_t code; /* its characters in base 36; 0 = unused */
  _Atomic uint64_t count;
};

struct hf_histogram_data {
  _Atomic uint64_t sum;
  _Atomic uint64_t max;
  _Atomic uint64_t buckets[HF_HISTOGRAM_BUCKETS];
};

/* About 25 KB. */
struct hf_stats {
  _Atomic uint64_t counters[HF_STAT_COUNT];
  _Atomic int32_t gauges[HF_GAUGE_COUNT];
  struct hf_histogram_data histograms[HF_HISTOGRAM_COUNT];
  /* in order of first occurrence; entries are never removed */
  struct hf_sqlstate_count sqlstates[HF_SQLSTATES];
  _Atomic uint64_t other_sqlstates;
};

/* Sets everything to zero. */
void hf_stats_init(struct hf_stats *stats);

/* Adds to a counter. Writer only. */
void hf_stats_add(struct hf_stats *stats, enum hf_stat stat, uint64_t n);

/* Counts a failed call by its outcome. Writer only. */
void hf_stats_add_outcome(struct hf_stats *stats, enum hf_outcome outcome);

/* Counts a call that succeeded after `retries` retries. Writer only. */
void hf_stats_add_success(struct hf_stats *stats, int32_t retries);

/* Counts a retry by the outcome of the attempt before it. Writer only. */
void hf_stats_add_retry(struct hf_stats *stats, enum hf_outcome outcome);

/*
 * Counts an error from a server by its SQLSTATE and by the class of it. "" (no
 * server error) is ignored. What is not a SQLSTATE, or is new when HF_SQLSTATES
 * of them are known, counts as other. Writer only.
 */
void hf_stats_add_sqlstate(struct hf_stats *stats, const char *sqlstate);

/* Returns a counter. */
uint64_t hf_stats_get(const struct hf_stats *stats, enum hf_stat stat);

/* Records a duration in microseconds. Writer only. */
void hf_stats_record(struct hf_stats *stats,
                     enum hf_histogram histogram,
                     uint64_t micros);

/*
 * Publishes the gauges. Writer only. Inline: through memory the compiler would
 * write several at once and read them one by one, which stalls.
 */
static inline void hf_stats_set_gauges(struct hf_stats *stats,
                                       const struct hf_gauges *gauges) {
  size_t i = 0;

#define HF_GAUGE_STORE(field)                                                  \
  atomic_store_explicit(&stats->gauges[i++],                                   \
                        gauges->field,                                         \
                        memory_order_relaxed);
  HF_GAUGE_MAP(HF_GAUGE_STORE)
#undef HF_GAUGE_STORE
}

/* Reads the gauges. */
void hf_stats_get_gauges(const struct hf_stats *stats, struct hf_gauges *out);

/*
 * Writes at most `n` numbers in the order of hf_stats_names(): counters,
 * gauges, then count, sum, p50, p95, p99 and max of each histogram in
 * microseconds; after these the SQLSTATEs as hf_port_stats() describes. Returns
 * how many there are.
 */
size_t hf_stats_read(const struct hf_stats *stats, double *out, size_t n);

/*
 * Writes, for each histogram, how many of its values are below each of
 * hf_stats_bounds(): HF_HISTOGRAM_BOUNDS cumulative counts. Writes at most `n`
 * numbers; returns how many there are.
 */
size_t hf_stats_read_buckets(const struct hf_stats *stats,
                             double *out,
                             size_t n);

#endif
