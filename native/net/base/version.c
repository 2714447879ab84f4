/* SPDX-License-Identifier: MIT */
/*
 * Versions of what the engine is linked with: hf_libpq_version,
 * hf_openssl_version and hf_libpq_reads_environment of holdfast.h.
 *
 * OpenSSL's function is declared here because Node's headers include those of
 * another version. A release has OpenSSL linked in. Otherwise the symbol is
 * resolved as libpq's own calls are, inside Node to Node's copy; it may be
 * missing.
 */
#include <stddef.h>

#include <libpq-fe.h>

#include "holdfast.h"

/* OPENSSL_VERSION_STRING of <openssl/crypto.h>, OpenSSL 3 and newer. */
enum { VERSION_STRING = 6 };

/* NOLINTBEGIN(readability-identifier-naming): the name is OpenSSL's */
#ifdef HF_STATIC_LIBPQ
extern const char *OpenSSL_version(int type);
#else
extern const char *OpenSSL_version(int type) __attribute__((weak));
#endif
/* NOLINTEND(readability-identifier-naming) */

int hf_libpq_version(void) {
  return PQlibVersion();
}

bool hf_libpq_reads_environment(void) {
#ifdef HF_STATIC_LIBPQ
  return false;
#else
  return true;
#endif
}

const char *hf_openssl_version(void) {
#ifndef HF_STATIC_LIBPQ
  if (OpenSSL_version == NULL) {
    return NULL;
  }
#endif
  return OpenSSL_version(VERSION_STRING);
}
