/* SPDX-License-Identifier: MIT */
#include "net/connect/libpq_defaults.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Below a file that is no folder. */
const char hf_libpq_no_file[] = "/dev/null/none";

/* Those with a variable are needed only while it is set. */
static const struct neutral_value {
  const char *keyword;
  const char *value;
  const char *variable;
} neutral_values[] = {
    {"sslmode", "prefer", NULL},
    {"sslsni", "1", NULL},
    {"sslcert", hf_libpq_no_file, NULL},
    {"sslkey", hf_libpq_no_file, NULL},
    {"sslrootcert", hf_libpq_no_file, NULL},
    {"sslcrl", hf_libpq_no_file, NULL},
    {"sslcrldir", hf_libpq_no_file, NULL},
    {"passfile", hf_libpq_no_file, NULL},
    {"ssl_min_protocol_version", "TLSv1.2", NULL},
    {"gssencmode", "disable", NULL}, /* else a look-up of credentials */
    {"krbsrvname", "postgres", NULL},
    {"target_session_attrs", "any", NULL},
    {"ssl_max_protocol_version", "TLSv1.3", "PGSSLMAXPROTOCOLVERSION"},
    {"channel_binding", "prefer", "PGCHANNELBINDING"},
    {"options", " ", "PGOPTIONS"},
    {"application_name", " ", "PGAPPNAME"},
    {"sslcompression", "0", "PGSSLCOMPRESSION"},
    /* newer than libpq 15 */
    {"sslcertmode", "disable", NULL},
    {"sslnegotiation", "postgres", "PGSSLNEGOTIATION"},
    {"load_balance_hosts", "disable", NULL},
    {"gssdelegation", "0", "PGGSSDELEGATION"},
    {"require_auth",
     "none,password,md5,gss,sspi,scram-sha-256",
     "PGREQUIREAUTH"},
    {"min_protocol_version", "3.0", "PGMINPROTOCOLVERSION"},
};

enum { NEUTRAL_VALUES = sizeof neutral_values / sizeof *neutral_values };

_Static_assert((int)NEUTRAL_VALUES <= (int)HF_LIBPQ_DEFAULTS,
               "too many defaults");

static bool is_set(const char *variable) {
#ifdef HF_STATIC_LIBPQ
  (void)variable; /* our own libpq reads none */
  return false;
#else
  /* Node writes variables from its main thread only, and rarely. */
  const char *value = getenv(variable); /* NOLINT(concurrency-mt-unsafe) */
  return value != NULL && *value != '\0';
#endif
}

const char *hf_libpq_default(size_t index, const char **keyword) {
  const struct neutral_value *found;
  if (index >= (size_t)NEUTRAL_VALUES) {
    *keyword = NULL;
    return NULL;
  }
  found = &neutral_values[index];
  *keyword = found->keyword;
  return found->variable == NULL || is_set(found->variable) ? found->value
                                                            : NULL;
}
