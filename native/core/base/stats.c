/* SPDX-License-Identifier: MIT */
#include "core/base/stats.h"

#include <string.h>

#define RELAXED memory_order_relaxed

enum { SUB = 1 << HF_HISTOGRAM_BITS };

/*
 * With a single writer a load and a store suffice; an atomic addition would
 * cost a locked instruction.
 */
static void bump(_Atomic uint64_t *counter, uint64_t n) {
  atomic_store_explicit(counter,
                        atomic_load_explicit(counter, RELAXED) + n,
                        RELAXED);
}

/*
 * Values below SUB have a bucket each; above, there are SUB buckets per power
 * of two.
 */
static size_t bucket_of(uint64_t value) {
  size_t octave = 0;
  size_t bucket;

  while ((value >> octave) >= (uint64_t)2 * SUB) {
    octave++;
  }
  if (value < SUB) {
    return (size_t)value;
  }
  bucket =
      ((octave + 1) << HF_HISTOGRAM_BITS) + (size_t)((value >> octave) - SUB);
  return bucket < HF_HISTOGRAM_BUCKETS ? bucket : HF_HISTOGRAM_BUCKETS - 1;
}

/* Returns the middle of a bucket. */
static double value_of(size_t bucket) {
  size_t octave = bucket >> HF_HISTOGRAM_BITS;
  double width;

  if (octave == 0) {
    return (double)bucket;
  }
  width = (double)((uint64_t)1 << (octave - 1));
  return ((double)(SUB + bucket % SUB) + 0.5) * width - 0.5;
}

/* Returns the value that a fraction `part` of all values do not exceed. */
static double quantile(const struct hf_histogram_data *data,
                       uint64_t count,
                       double part,
                       double max) {
  double want = (double)count * part;
  uint64_t seen = 0;
  size_t i;

  if (count == 0) {
    return 0;
  }
  for (i = 0; i < HF_HISTOGRAM_BUCKETS; i++) {
    seen += atomic_load_explicit(&data->buckets[i], RELAXED);
    if ((double)seen >= want) {
      return value_of(i) < max ? value_of(i) : max;
    }
  }
  return max;
}

static void read_histogram(const struct hf_histogram_data *data,
                           double out[HF_HISTOGRAM_VALUES]) {
  double max = (double)atomic_load_explicit(&data->max, RELAXED);
  uint64_t count = 0;
  size_t i;

  for (i = 0; i < HF_HISTOGRAM_BUCKETS; i++) {
    count += atomic_load_explicit(&data->buckets[i], RELAXED);
  }
  out[0] = (double)count;
  out[1] = (double)atomic_load_explicit(&data->sum, RELAXED);
  out[2] = quantile(data, count, 0.50, max);
  out[3] = quantile(data, count, 0.95, max);
  out[4] = quantile(data, count, 0.99, max);
  out[5] = max;
}

/*
 * Bounds are powers of two from SUB up, so each is the start of a bucket and no
 * value is counted on the wrong side.
 */
static void read_cumulative(const struct hf_histogram_data *data,
                            double out[HF_HISTOGRAM_BOUNDS]) {
  uint64_t below = 0;
  size_t bucket = 0;
  size_t bound;

  for (bound = 0; bound < HF_HISTOGRAM_BOUNDS; bound++) {
    size_t end = bucket_of((uint64_t)1 << (HF_HISTOGRAM_FIRST_BOUND + bound));
    for (; bucket < end; bucket++) {
      below += atomic_load_explicit(&data->buckets[bucket], RELAXED);
    }
    out[bound] = (double)below;
  }
}

static void init_histogram(struct hf_histogram_data *data) {
  size_t i;

  atomic_init(&data->sum, 0);
  atomic_init(&data->max, 0);
  for (i = 0; i < HF_HISTOGRAM_BUCKETS; i++) {
    atomic_init(&data->buckets[i], 0);
  }
}

void hf_stats_init(struct hf_stats *stats) {
  size_t i;

  for (i = 0; i < HF_STAT_COUNT; i++) {
    atomic_init(&stats->counters[i], 0);
  }
  for (i = 0; i < HF_GAUGE_COUNT; i++) {
    atomic_init(&stats->gauges[i], 0);
  }
  for (i = 0; i < HF_HISTOGRAM_COUNT; i++) {
    init_histogram(&stats->histograms[i]);
  }
  for (i = 0; i < HF_SQLSTATES; i++) {
    atomic_init(&stats->sqlstates[i].code, 0);
    atomic_init(&stats->sqlstates[i].count, 0);
  }
  atomic_init(&stats->other_sqlstates, 0);
}

void hf_stats_add(struct hf_stats *stats, enum hf_stat stat, uint64_t n) {
  bump(&stats->counters[stat], n);
}

void hf_stats_add_outcome(struct hf_stats *stats, enum hf_outcome outcome) {
  switch (outcome) {
  case HF_OUTCOME_NONE:
    hf_stats_add(stats, HF_STAT_SUCCEEDED, 1);
    break;
  case HF_OUTCOME_NOT_EXECUTED:
    hf_stats_add(stats, HF_STAT_FAILED_NOT_EXECUTED, 1);
    break;
  case HF_OUTCOME_ROLLED_BACK:
    hf_stats_add(stats, HF_STAT_FAILED_ROLLED_BACK, 1);
    break;
  case HF_OUTCOME_AMBIGUOUS:
    hf_stats_add(stats, HF_STAT_FAILED_AMBIGUOUS, 1);
    break;
  case HF_OUTCOME_PERMANENT:
    hf_stats_add(stats, HF_STAT_FAILED_PERMANENT, 1);
    break;
  }
}

void hf_stats_add_success(struct hf_stats *stats, int32_t retries) {
  static const enum hf_stat on_attempt[] = {HF_STAT_SUCCEEDED_ON_1,
                                            HF_STAT_SUCCEEDED_ON_2,
                                            HF_STAT_SUCCEEDED_ON_3,
                                            HF_STAT_SUCCEEDED_ON_4};
  enum { LAST = sizeof on_attempt / sizeof on_attempt[0] - 1 };

  hf_stats_add(stats, HF_STAT_SUCCEEDED, 1);
  hf_stats_add(stats, HF_STAT_RETRIES_SUCCEEDED, retries > 0);
  hf_stats_add(stats, on_attempt[retries < LAST ? retries : LAST], 1);
}

void hf_stats_add_retry(struct hf_stats *stats, enum hf_outcome outcome) {
  hf_stats_add(stats, HF_STAT_RETRIES, 1);
  switch (outcome) {
  case HF_OUTCOME_NOT_EXECUTED:
    hf_stats_add(stats, HF_STAT_RETRIES_NOT_EXECUTED, 1);
    break;
  case HF_OUTCOME_ROLLED_BACK:
    hf_stats_add(stats, HF_STAT_RETRIES_ROLLED_BACK, 1);
    break;
  case HF_OUTCOME_AMBIGUOUS:
    hf_stats_add(stats, HF_STAT_RETRIES_AMBIGUOUS, 1);
    break;
  case HF_OUTCOME_NONE:
  case HF_OUTCOME_PERMANENT:
    break; /* these are never retried */
  }
}

/* Returns a SQLSTATE as a number in base 36, or 0 when it is none. */
static uint32_t pack_sqlstate(const char *sqlstate) {
  enum { LENGTH = 5, BASE = 36 };
  static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
  uint32_t code = 0;
  size_t i;

  for (i = 0; i < LENGTH; i++) {
    const char *at =
        sqlstate[i] == '\0' ? NULL : strchr(digits, (int)sqlstate[i]);
    if (at == NULL) {
      return 0;
    }
    code = code * BASE + (uint32_t)(at - digits);
  }
  return sqlstate[LENGTH] == '\0' ? code : 0;
}

/* A linear search: the table is short and failures are rare. */
static void add_code(struct hf_stats *stats, uint32_t code) {
  size_t i;

  for (i = 0; i < HF_SQLSTATES && code != 0; i++) {
    struct hf_sqlstate_count *entry = &stats->sqlstates[i];
    uint32_t there = atomic_load_explicit(&entry->code, RELAXED);
    if (there == 0) {
      /* the count first: a reader that sees the code sees a count, too */
      bump(&entry->count, 1);
      atomic_store_explicit(&entry->code, code, memory_order_release);
      return;
    }
    if (there == code) {
      bump(&entry->count, 1);
      return;
    }
  }
  bump(&stats->other_sqlstates, 1);
}

void hf_stats_add_sqlstate(struct hf_stats *stats, const char *sqlstate) {
  enum { CLASS_LENGTH = 2, PREFIX_LENGTH = sizeof "sqlState" - 1 };
  const char *const *names = hf_stats_names();
  int stat;

  if (sqlstate[0] == '\0') {
    return;
  }
  for (stat = HF_STAT_CLASS_08; stat < HF_STAT_CLASS_OTHER; stat++) {
    if (strncmp(sqlstate, names[stat] + PREFIX_LENGTH, CLASS_LENGTH) == 0) {
      break;
    }
  }
  hf_stats_add(stats, (enum hf_stat)stat, 1);
  add_code(stats, pack_sqlstate(sqlstate));
}

uint64_t hf_stats_get(const struct hf_stats *stats, enum hf_stat stat) {
  return atomic_load_explicit(&stats->counters[stat], RELAXED);
}

void hf_stats_record(struct hf_stats *stats,
                     enum hf_histogram histogram,
                     uint64_t micros) {
  struct hf_histogram_data *data = &stats->histograms[histogram];

  bump(&data->buckets[bucket_of(micros)], 1);
  bump(&data->sum, micros);
  if (micros > atomic_load_explicit(&data->max, RELAXED)) {
    atomic_store_explicit(&data->max, micros, RELAXED);
  }
}

void hf_stats_get_gauges(const struct hf_stats *stats, struct hf_gauges *out) {
  size_t i = 0;

#define HF_GAUGE_LOAD(field)                                                   \
  out->field = atomic_load_explicit(&stats->gauges[i++], RELAXED);
  HF_GAUGE_MAP(HF_GAUGE_LOAD)
#undef HF_GAUGE_LOAD
}

static void read_sqlstates(const struct hf_stats *stats,
                           double out[HF_SQLSTATE_VALUES]) {
  size_t at = 0;
  size_t i;

  out[at++] = (double)atomic_load_explicit(&stats->other_sqlstates, RELAXED);
  for (i = 0; i < HF_SQLSTATES; i++) {
    const struct hf_sqlstate_count *entry = &stats->sqlstates[i];
    uint32_t code = atomic_load_explicit(&entry->code, memory_order_acquire);
    out[at++] = code;
    out[at++] =
        code == 0 ? 0 : (double)atomic_load_explicit(&entry->count, RELAXED);
  }
}

size_t hf_stats_read(const struct hf_stats *stats, double *out, size_t n) {
  double all[HF_STATS_ALL_VALUES];
  size_t at = 0;
  size_t i;

  for (i = 0; i < HF_STAT_COUNT; i++) {
    all[at++] = (double)hf_stats_get(stats, (enum hf_stat)i);
  }
  for (i = 0; i < HF_GAUGE_COUNT; i++) {
    all[at++] = atomic_load_explicit(&stats->gauges[i], RELAXED);
  }
  for (i = 0; i < HF_HISTOGRAM_COUNT; i++) {
    read_histogram(&stats->histograms[i], all + at);
    at += HF_HISTOGRAM_VALUES;
  }
  read_sqlstates(stats, all + at);
  at += HF_SQLSTATE_VALUES;
  for (i = 0; i < at && i < n; i++) {
    out[i] = all[i];
  }
  return at;
}

size_t hf_stats_read_buckets(const struct hf_stats *stats,
                             double *out,
                             size_t n) {
  double counts[HF_HISTOGRAM_BOUNDS];
  size_t at = 0;
  size_t histogram;
  size_t i;

  for (histogram = 0; histogram < HF_HISTOGRAM_COUNT; histogram++) {
    read_cumulative(&stats->histograms[histogram], counts);
    for (i = 0; i < HF_HISTOGRAM_BOUNDS; i++, at++) {
      if (at < n) {
        out[at] = counts[i];
      }
    }
  }
  return at;
}

size_t hf_stats_value_count(void) {
  return HF_STATS_ALL_VALUES;
}

size_t hf_stats_bucket_count(void) {
  return (size_t)HF_HISTOGRAM_COUNT * HF_HISTOGRAM_BOUNDS;
}

const double *hf_stats_bounds(size_t *n) {
  static const double bounds[HF_HISTOGRAM_BOUNDS] = {
#define HF_BOUND(k) (double)((uint64_t)1 << (HF_HISTOGRAM_FIRST_BOUND + (k)))
      HF_BOUND(0),
      HF_BOUND(1),
      HF_BOUND(2),
      HF_BOUND(3),
      HF_BOUND(4),
      HF_BOUND(5),
      HF_BOUND(6),
      HF_BOUND(7),
      HF_BOUND(8),
      HF_BOUND(9),
      HF_BOUND(10),
      HF_BOUND(11),
      HF_BOUND(12),
      HF_BOUND(13),
      HF_BOUND(14),
      HF_BOUND(15),
      HF_BOUND(16),
      HF_BOUND(17)
#undef HF_BOUND
  };

  *n = HF_HISTOGRAM_BOUNDS;
  return bounds;
}

const char *const *hf_stats_names(void) {
  static const char *const names[HF_STATS_VALUES + 1] = {
#define HF_STAT_NAME(name, text) text,
      HF_STAT_MAP(HF_STAT_NAME)
#undef HF_STAT_NAME
#define HF_GAUGE_NAME(field) #field,
          HF_GAUGE_MAP(HF_GAUGE_NAME)
#undef HF_GAUGE_NAME
#define HF_HISTOGRAM_NAMES(name, text)                                         \
  text "Count", text "Sum", text "P50", text "P95", text "P99", text "Max",
              HF_HISTOGRAM_MAP(HF_HISTOGRAM_NAMES)
#undef HF_HISTOGRAM_NAMES
                  NULL};

  return names;
}
