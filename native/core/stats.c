/* SPDX-License-Identifier: MIT */
#include "stats.h"

#define RELAXED memory_order_relaxed

enum { SUB = 1 << HF_HISTOGRAM_BITS };

/*
 * There is one writer, so a load and a store do: an atomic addition would cost
 * a locked instruction for nothing.
 */
static void bump(_Atomic uint64_t *counter, uint64_t n) {
  atomic_store_explicit(counter, atomic_load_explicit(counter, RELAXED) + n,
                        RELAXED);
}

/* Values below SUB have a bucket each; above, SUB buckets per power of two. */
static size_t bucket_of(uint64_t value) {
  size_t octave = 0;
  size_t bucket;

  while ((value >> octave) >= 2 * SUB) {
    octave++;
  }
  if (value < SUB) {
    return (size_t)value;
  }
  bucket = ((octave + 1) << HF_HISTOGRAM_BITS) +
           (size_t)((value >> octave) - SUB);
  return bucket < HF_HISTOGRAM_BUCKETS ? bucket : HF_HISTOGRAM_BUCKETS - 1;
}

/* The middle of a bucket. */
static double value_of(size_t bucket) {
  size_t octave = bucket >> HF_HISTOGRAM_BITS;
  double width;

  if (octave == 0) {
    return (double)bucket;
  }
  width = (double)((uint64_t)1 << (octave - 1));
  return ((double)(SUB + bucket % SUB) + 0.5) * width - 0.5;
}

/* The value that `part` of all values are at most. */
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
  out[3] = quantile(data, count, 0.99, max);
  out[4] = max;
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

void hf_stats_set_gauges(struct hf_stats *stats,
                         const struct hf_gauges *gauges) {
  size_t i = 0;

#define HF_GAUGE_STORE(field)                                                 \
  atomic_store_explicit(&stats->gauges[i++], gauges->field, RELAXED);
  HF_GAUGE_MAP(HF_GAUGE_STORE)
#undef HF_GAUGE_STORE
}

void hf_stats_get_gauges(const struct hf_stats *stats, struct hf_gauges *out) {
  size_t i = 0;

#define HF_GAUGE_LOAD(field)                                                  \
  out->field = atomic_load_explicit(&stats->gauges[i++], RELAXED);
  HF_GAUGE_MAP(HF_GAUGE_LOAD)
#undef HF_GAUGE_LOAD
}

size_t hf_stats_read(const struct hf_stats *stats, double *out, size_t n) {
  double all[HF_STATS_VALUES];
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
  for (i = 0; i < at && i < n; i++) {
    out[i] = all[i];
  }
  return at;
}

const char *const *hf_stats_names(void) {
  static const char *const names[HF_STATS_VALUES + 1] = {
#define HF_STAT_NAME(name, text) text,
      HF_STAT_MAP(HF_STAT_NAME)
#undef HF_STAT_NAME
#define HF_GAUGE_NAME(field) #field,
      HF_GAUGE_MAP(HF_GAUGE_NAME)
#undef HF_GAUGE_NAME
#define HF_HISTOGRAM_NAMES(name, text)                                        \
  text "Count", text "Sum", text "P50", text "P99", text "Max",
      HF_HISTOGRAM_MAP(HF_HISTOGRAM_NAMES)
#undef HF_HISTOGRAM_NAMES
      NULL};

  return names;
}
