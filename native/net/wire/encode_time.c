/* SPDX-License-Identifier: MIT */
/*
 * Times from PostgreSQL's ISO text, as `pg` makes them with JavaScript's Date:
 * "2024-02-29 23:59:59.123456+05:30:15 BC".
 *
 * Ownership: none. Threads: any.
 */
#include <math.h>
#include <string.h>

#include "net/wire/encode.h"

enum {
  MS_PER_S = 1000,
  S_PER_DAY = 86400,
  FRACTION_DIGITS = 6,
  YEAR_DIGITS = 7,
  /* of the proleptic Gregorian calendar */
  DAYS_PER_ERA = 146097,
  YEARS_PER_ERA = 400,
  DAYS_TO_1970 = 719468
};

static const double date_limit = 8.64e15;

/* The text still to be read; `bad` once it was not what it had to be. */
struct reader {
  const char *at;
  const char *end;
  bool bad;
};

static bool skip(struct reader *reader, char c) {
  if (reader->at < reader->end && *reader->at == c) {
    reader->at++;
    return true;
  }
  return false;
}

static void expect(struct reader *reader, char c) {
  if (!skip(reader, c)) {
    reader->bad = true;
  }
}

static int32_t number(struct reader *reader, int min, int max) {
  int32_t value = 0;
  int n = 0;
  while (n < max && reader->at < reader->end && *reader->at >= '0' &&
         *reader->at <= '9') {
    value = value * 10 + (*reader->at++ - '0');
    n++;
  }
  if (n < min) {
    reader->bad = true;
  }
  return value;
}

/* Returns days since 1970-01-01; years before 1 are 0, -1, ... */
static int64_t days_from_date(int64_t year, int32_t month, int32_t day) {
  int64_t era, of_era, of_year;
  year -= month <= 2 ? 1 : 0; /* years begin in March: leap days end them */
  era = (year >= 0 ? year : year - (YEARS_PER_ERA - 1)) / YEARS_PER_ERA;
  of_era = year - era * YEARS_PER_ERA;
  of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * DAYS_PER_ERA + of_era * 365 + of_era / 4 - of_era / 100 +
         of_year - DAYS_TO_1970;
}

/*
 * Returns whole milliseconds of ".ffffff". The detour by a double is what
 * JavaScript does (1000 * parseFloat), including its rounding.
 */
static int64_t fraction_ms(struct reader *reader) {
  double digits = 0;
  double scale = 1;
  int n = 0;
  if (!skip(reader, '.')) {
    return 0;
  }
  while (reader->at < reader->end && *reader->at >= '0' && *reader->at <= '9') {
    if (n++ < FRACTION_DIGITS) {
      digits = digits * 10 + (*reader->at - '0');
      scale *= 10;
    }
    reader->at++;
  }
  return (int64_t)(1000.0 * (digits / scale));
}

static int64_t offset_s(struct reader *reader) {
  bool negative = skip(reader, '-');
  int64_t seconds;
  if (!negative) {
    expect(reader, '+');
  }
  seconds = (int64_t)number(reader, 2, 2) * 3600;
  if (skip(reader, ':')) {
    seconds += (int64_t)number(reader, 2, 2) * 60;
  }
  if (skip(reader, ':')) {
    seconds += number(reader, 2, 2);
  }
  return negative ? -seconds : seconds;
}

static bool is(const char *text, size_t bytes, const char *word) {
  return bytes == strlen(word) && memcmp(text, word, bytes) == 0;
}

static double read_time(struct reader *reader) {
  int64_t year, seconds, ms;
  int32_t month, day;
  double time;

  year = number(reader, 4, YEAR_DIGITS);
  expect(reader, '-');
  month = number(reader, 2, 2);
  expect(reader, '-');
  day = number(reader, 2, 2);
  expect(reader, ' ');
  seconds = (int64_t)number(reader, 2, 2) * 3600;
  expect(reader, ':');
  seconds += (int64_t)number(reader, 2, 2) * 60;
  expect(reader, ':');
  seconds += number(reader, 2, 2);
  ms = fraction_ms(reader);
  seconds -= offset_s(reader);
  if (reader->end - reader->at == 3 && memcmp(reader->at, " BC", 3) == 0) {
    reader->at += 3;
    year = 1 - year;
  }
  if (reader->bad || reader->at != reader->end) {
    return NAN;
  }
  seconds += days_from_date(year, month, day) * S_PER_DAY;
  time = (double)(seconds * MS_PER_S + ms);
  return fabs(time) > date_limit ? (double)NAN : time;
}

double hf_time_read(const char *text, size_t bytes) {
  struct reader reader = {text, text + bytes, false};
  if (is(text, bytes, "infinity")) {
    return INFINITY;
  }
  if (is(text, bytes, "-infinity")) {
    return -INFINITY;
  }
  return read_time(&reader);
}
