/* SPDX-License-Identifier: MIT */
/* What the core uses of <errno.h>; nothing of it comes into the module. */
#ifndef HF_WASM_ERRNO_H
#define HF_WASM_ERRNO_H

extern int errno;

#define ERANGE 34

#endif
