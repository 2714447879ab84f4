/* SPDX-License-Identifier: MIT */
/* What the encoder's files share among themselves. */
#ifndef HF_NET_WIRE_ENCODE_INTERNAL_H
#define HF_NET_WIRE_ENCODE_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Grows a buffer to at least `needed` items. Returns false when out of memory;
 * the buffer is as it was.
 */
bool hf_encoder_reserve(void **buffer,
                        size_t *size,
                        size_t needed,
                        size_t item_bytes);

#endif
