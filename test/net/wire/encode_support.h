/* SPDX-License-Identifier: MIT */
/* Encodes a whole result as one message. */
#ifndef HF_TEST_ENCODE_SUPPORT_H
#define HF_TEST_ENCODE_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/base/alloc.h"
#include "net/wire/encode.h"
#include "net/wire/message.h"

enum { ALL = 0x7f };

static inline struct hf_message *encode(const PGresult *result,
                                        int32_t decode) {
  static const struct hf_encoder_frame frame = {.id_low = 5,
                                                .id_high = 6,
                                                .row_description = 7};
  struct hf_encoder encoder = {0};
  struct hf_message *message;
  hf_encoder_begin(&encoder, decode, 0);
  assert_int_equal(hf_encoder_add(&encoder, result), HF_OK);
  assert_int_equal(hf_encoder_end(&encoder, result, &frame, &message), HF_OK);
  hf_encoder_finish(&encoder);
  return message;
}

#endif
