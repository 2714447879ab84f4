/* SPDX-License-Identifier: MIT */
/* How cells are decoded: broken UTF-8, numbers, times. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "encode_support.h"

static void decodes_to(const char *text, const uint16_t *units, size_t n) {
  uint16_t out[32];
  assert_int_equal(hf_text_units(text, strlen(text)), n);
  assert_int_equal(hf_text_decode(text, strlen(text), out), n);
  assert_memory_equal(out, units, n * sizeof *units);
}

static void broken_utf8_becomes_replacement_characters(void **state) {
  (void)state;
  decodes_to("\xc3\xa9", (uint16_t[]){0xe9}, 1);
  decodes_to("\xf0\x9f\x98\x80", (uint16_t[]){0xd83d, 0xde00}, 2);
  decodes_to("\x80", (uint16_t[]){0xfffd}, 1);
  decodes_to("\xc0\xaf", (uint16_t[]){0xfffd, 0xfffd}, 2);
  decodes_to("\xe2\x82z", (uint16_t[]){0xfffd, 'z'}, 2);
  decodes_to("\xf0\x90\x80", (uint16_t[]){0xfffd}, 1);
  decodes_to("\xed\xa0\x80", (uint16_t[]){0xfffd, 0xfffd, 0xfffd}, 3);
  decodes_to("\xf4\x8f\xbf\xbf", (uint16_t[]){0xdbff, 0xdfff}, 2);
  decodes_to("\xf5\x80", (uint16_t[]){0xfffd, 0xfffd}, 2);
}

static double number(const char *text) {
  return hf_number_read(text, strlen(text));
}

static void numbers_are_rounded_as_strtod_does(void **state) {
  static const char *const texts[] = {"0",
                                      "1",
                                      "-1",
                                      "3.14",
                                      "0.1",
                                      "123456789012345",
                                      "1e22",
                                      "1e23",
                                      "1.7976931348623157e+308",
                                      "5e-324",
                                      "2.2250738585072011e-308",
                                      "1e-7",
                                      "9007199254740993",
                                      "0.30000000000000004",
                                      "4294967295",
                                      "1.5e+10",
                                      "100000000000000000000",
                                      "0.000001",
                                      "8.41e+21",
                                      "-2.5",
                                      "1e-22"};
  unsigned seed = 99;
  size_t i;
  int n;
  (void)state;
  for (i = 0; i < sizeof texts / sizeof *texts; i++) {
    double expected = strtod(texts[i], NULL);
    double got = number(texts[i]);
    assert_memory_equal(&got, &expected, sizeof got);
  }
  for (n = 0; n < 20000; n++) {
    uint64_t bits = 0;
    double expected, got;
    char text[64];
    int k;
    for (k = 0; k < 4; k++) {
      seed = seed * 1103515245U + 12345U;
      bits = (bits << 16) | (seed >> 16);
    }
    memcpy(&expected, &bits, sizeof expected);
    if (!isfinite(expected)) {
      continue;
    }
    (void)snprintf(text, sizeof text, n % 2 ? "%.17g" : "%.9g", expected);
    expected = strtod(text, NULL);
    got = number(text);
    assert_memory_equal(&got, &expected, sizeof got);
  }
}

static void special_numbers_are_kept(void **state) {
  (void)state;
  assert_true(isnan(number("NaN")));
  assert_true(number("Infinity") > 0 && isinf(number("Infinity")));
  assert_true(number("-Infinity") < 0 && isinf(number("-Infinity")));
  assert_true(number("-0") == 0 && signbit(number("-0")));
  assert_true(isnan(number("")));
  assert_true(isnan(number("1x")));
  assert_true(isnan(number("1e")));
  assert_int_equal(hf_int_read("-2147483648", 11), INT32_MIN);
  assert_int_equal(hf_int_read("2147483647", 10), INT32_MAX);
  assert_int_equal(hf_int_read("2147483648", 10), 0);
  assert_int_equal(hf_int_read("junk", 4), 0);
}

static double when(const char *text) {
  return hf_time_read(text, strlen(text));
}

static void times_are_those_of_javascripts_date(void **state) {
  (void)state;
  /* The numbers are those that postgres-date gives for the same texts. */
  assert_true(when("1970-01-01 00:00:00+00") == 0);
  assert_true(when("2024-02-29 23:59:59.123456+05:30") == 1709231399123.0);
  assert_true(when("2024-02-29 23:59:59.999999+00") == 1709251199999.0);
  assert_true(when("1969-12-31 23:59:59.5+00") == -500);
  assert_true(when("1883-11-18 12:03:57-07:52:58") == -2717640185000.0);
  assert_true(when("0001-01-01 00:00:00+00") == -62135596800000.0);
  assert_true(when("0001-12-31 00:00:00+00 BC") == -62135683200000.0);
  assert_true(when("0044-03-15 00:00:00+00 BC") == -63517824000000.0);
  assert_true(when("12345-06-07 08:09:10+00") == 327416976550000.0);
  assert_true(when("275760-09-13 00:00:00+00") == 8.64e15);
  assert_true(isnan(when("275760-09-13 00:00:01+00")));
  assert_true(isinf(when("infinity")) && when("infinity") > 0);
  assert_true(isinf(when("-infinity")) && when("-infinity") < 0);
  assert_true(isnan(when("29.02.2024 23:59:59 CET")));
  assert_true(isnan(when("")));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(broken_utf8_becomes_replacement_characters),
      cmocka_unit_test(numbers_are_rounded_as_strtod_does),
      cmocka_unit_test(special_numbers_are_kept),
      cmocka_unit_test(times_are_those_of_javascripts_date),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
