/* SPDX-License-Identifier: MIT */
/*
 * What the engine was linked with: hf_libpq_version, hf_openssl_version and
 * hf_libpq_reads_environment of holdfast.h.
 *
 * OpenSSL's function is declared by hand: Node's headers bring another
 * version of its headers along. In a release the function is our own, linked
 * in. Otherwise it is looked for where libpq's own calls find OpenSSL, which
 * inside Node is Node's copy; it need not be anywhere.
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
