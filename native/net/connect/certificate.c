/* SPDX-License-Identifier: MIT */
#include "net/connect/certificate.h"

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <stdbool.h>

#include "core/base/alloc.h"

static char *text_of(BIO *memory) {
  char *data = NULL;
  long bytes = BIO_get_mem_data(memory, &data);
  return bytes <= 0 ? NULL : hf_strndup(data, (size_t)bytes);
}

char *hf_certificate_chain(PGconn *connection) {
  SSL *ssl = PQsslStruct(connection, "OpenSSL");
  STACK_OF(X509) *chain = ssl == NULL ? NULL : SSL_get0_verified_chain(ssl);
  BIO *memory = chain == NULL ? NULL : BIO_new(BIO_s_mem());
  char *text = NULL;
  bool written = memory != NULL;
  int i;
  for (i = 0; written && i < sk_X509_num(chain); i++) {
    written = PEM_write_bio_X509(memory, sk_X509_value(chain, i)) == 1;
  }
  if (written) {
    text = text_of(memory);
  }
  (void)BIO_free(memory);
  return text;
}
