/* SPDX-License-Identifier: MIT */
/* What the engine was linked with: hf_libpq_version of holdfast.h. */
#include <libpq-fe.h>

#include "holdfast.h"

int hf_libpq_version(void) {
  return PQlibVersion();
}
