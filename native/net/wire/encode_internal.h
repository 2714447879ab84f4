/* SPDX-License-Identifier: MIT */
/* Shared by the files of the encoder. */
#ifndef HF_NET_WIRE_ENCODE_INTERNAL_H
#define HF_NET_WIRE_ENCODE_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Grows a buffer to at least `needed` items. Returns false when out of memory,
 * and leaves the buffer as it is.
 */
bool hf_encoder_reserve(void **buffer,
                        size_t *size,
                        size_t needed,
                        size_t item_bytes);

#endif
