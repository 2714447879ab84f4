/* SPDX-License-Identifier: MIT */
/*
 * Numbers from PostgreSQL's text. Short decimals are exact as one division or
 * multiplication of two exact doubles; the rest goes to strtod.
 *
 * Ownership: of nothing. Threads: any.
 */
#include <math.h>
#include <string.h>

#include "net/base/system.h"
#include "net/wire/encode.h"

enum {
  EXACT_DIGITS = 15,  /* any integer of so many digits is a double */
  EXACT_POWER = 22,   /* and so is ten to this */
  NUMBER_BYTES = 512, /* float8 in %f style, at most */
  EXPONENT_MAX = 9999
};

static const double powers[EXACT_POWER + 1] = {
    1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
    1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

static double read_slowly(const char *text, size_t bytes) {
  char copy[NUMBER_BYTES];
  char *end;
  double value;

  if (bytes == 0 || bytes >= sizeof copy) {
    return NAN;
  }
  memcpy(copy, text, bytes);
  copy[bytes] = '\0';
  value = hf_system_strtod(copy, &end);
  return end == copy + bytes ? value : (double)NAN;
}

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/* A decimal taken apart. */
struct decimal {
  uint64_t digits;
  int n_digits; /* without leading zeros */
  int power;
  bool negative;
};

static const char *read_digits(const char *at,
                               const char *end,
                               struct decimal *decimal,
                               int power) {
  while (at < end && is_digit(*at)) {
    if (decimal->n_digits <= EXACT_DIGITS) {
      decimal->digits = decimal->digits * 10 + (uint64_t)(*at - '0');
      decimal->n_digits += decimal->digits != 0 ? 1 : 0;
    }
    decimal->power += power;
    at++;
  }
  return at;
}

/* Reads what follows an e; returns NULL for garbage. */
static const char *read_exponent(const char *at,
                                 const char *end,
                                 struct decimal *decimal) {
  bool negative = at < end && *at == '-';
  int exponent = 0;
  if (at < end && (*at == '-' || *at == '+')) {
    at++;
  }
  if (at == end) {
    return NULL;
  }
  while (at < end && is_digit(*at)) {
    if (exponent < EXPONENT_MAX) {
      exponent = exponent * 10 + (*at - '0');
    }
    at++;
  }
  decimal->power += negative ? -exponent : exponent;
  return at;
}

/* Returns false when the text is not a plain, short decimal. */
static bool read_decimal(const char *text,
                         size_t bytes,
                         struct decimal *decimal) {
  const char *at = text;
  const char *end = text + bytes;
  const char *first;

  *decimal = (struct decimal){.negative = at < end && *at == '-'};
  at += decimal->negative ? 1 : 0;
  first = at;
  at = read_digits(at, end, decimal, 0);
  if (at == first) {
    return false;
  }
  if (at < end && *at == '.') {
    at = read_digits(at + 1, end, decimal, -1);
  }
  if (at < end && (*at == 'e' || *at == 'E')) {
    at = read_exponent(at + 1, end, decimal);
  }
  return at == end && decimal->n_digits <= EXACT_DIGITS;
}

double hf_number_read(const char *text, size_t bytes) {
  struct decimal decimal;
  double value;

  if (!read_decimal(text, bytes, &decimal) || decimal.power > EXACT_POWER ||
      decimal.power < -EXACT_POWER) {
    return read_slowly(text, bytes);
  }
  value = (double)decimal.digits;
  value = decimal.power < 0 ? value / powers[-decimal.power]
                            : value * powers[decimal.power];
  return decimal.negative ? -value : value;
}

int32_t hf_int_read(const char *text, size_t bytes) {
  bool negative = bytes > 0 && text[0] == '-';
  int64_t value = 0;
  size_t i = negative ? 1 : 0;

  for (; i < bytes; i++) {
    if (!is_digit(text[i]) || value > INT32_MAX) {
      return 0;
    }
    value = value * 10 + (text[i] - '0');
  }
  value = negative ? -value : value;
  return value < INT32_MIN || value > INT32_MAX ? 0 : (int32_t)value;
}
