/* SPDX-License-Identifier: MIT */
/* What the core uses of <stdio.h>; nothing of it comes into the module. */
#ifndef HF_WASM_STDIO_H
#define HF_WASM_STDIO_H

#include <stddef.h>

int snprintf(char *out, size_t bytes, const char *format, ...);

#endif
