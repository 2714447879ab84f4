/* SPDX-License-Identifier: MIT */
#include "net/connect/target_keys.h"

#include <pthread.h>
#include <string.h>

#include <libpq-fe.h>

#include "net/connect/libpq_defaults.h"

const struct hf_target_key hf_target_keys[HF_TARGET_KEYS] = {
    {"host", HF_KEY_OURS},
    {"hostaddr", HF_KEY_OURS},
    {"port", HF_KEY_OURS},
    {"load_balance_hosts", HF_KEY_OURS},
    {"dbname", HF_KEY_PASS},
    {"user", HF_KEY_PASS},
    {"password", HF_KEY_SECRET},
    {"passfile", HF_KEY_PASS},
    {"channel_binding", HF_KEY_PASS},
    {"require_auth", HF_KEY_PASS},
    {"sslmode", HF_KEY_PASS},
    {"sslnegotiation", HF_KEY_PASS},
    {"sslcert", HF_KEY_PASS},
    {"sslkey", HF_KEY_PASS},
    {"sslpassword", HF_KEY_SECRET},
    {"sslcertmode", HF_KEY_PASS},
    {"sslrootcert", HF_KEY_PASS},
    {"sslcrl", HF_KEY_PASS},
    {"sslcrldir", HF_KEY_PASS},
    {"sslsni", HF_KEY_PASS},
    {"ssl_servername", HF_KEY_OURS},
    {"ssl_identity", HF_KEY_OURS},
    {"ssl_min_protocol_version", HF_KEY_PASS},
    {"ssl_max_protocol_version", HF_KEY_PASS},
    {"requirepeer", HF_KEY_PASS},
    {"gssencmode", HF_KEY_PASS},
    {"krbsrvname", HF_KEY_PASS},
    {"target_session_attrs", HF_KEY_PASS},
    {"application_name", HF_KEY_PASS},
    {"fallback_application_name", HF_KEY_PASS},
    {"options", HF_KEY_PASS},
    {"keepalives", HF_KEY_PASS},
    {"keepalives_idle", HF_KEY_PASS},
    {"keepalives_interval", HF_KEY_PASS},
    {"keepalives_count", HF_KEY_PASS},
    {"tcp_user_timeout", HF_KEY_PASS},
    {"client_encoding", HF_KEY_FIXED},
    {"connect_timeout", HF_KEY_IGNORED},
};

static pthread_once_t known_once = PTHREAD_ONCE_INIT;
static bool known[HF_TARGET_KEYS];
static bool known_default[HF_LIBPQ_DEFAULTS];

static bool has_keyword(const PQconninfoOption *options, const char *keyword) {
  for (; options != NULL && options->keyword != NULL; options++) {
    if (strcmp(options->keyword, keyword) == 0) {
      return true;
    }
  }
  return options == NULL;
}

static void read_known(void) {
  /* PQconndefaults() would read a service file. */
  PQconninfoOption *options = PQconninfoParse("", NULL);
  const char *keyword;
  size_t at;
  int i;
  for (i = 0; i < HF_TARGET_KEYS; i++) {
    known[i] = hf_target_keys[i].rule == HF_KEY_OURS ||
               has_keyword(options, hf_target_keys[i].name);
  }
  for (at = 0; at < HF_LIBPQ_DEFAULTS; at++) {
    (void)hf_libpq_default(at, &keyword);
    known_default[at] = keyword != NULL && has_keyword(options, keyword);
  }
  PQconninfoFree(options);
}

int hf_target_key_find(const char *name) {
  int i;
  for (i = 0; i < HF_TARGET_KEYS; i++) {
    if (strcmp(hf_target_keys[i].name, name) == 0) {
      return i;
    }
  }
  return -1;
}

bool hf_target_key_is_known(int index) {
  (void)pthread_once(&known_once, read_known);
  return known[index];
}

bool hf_target_default_is_known(size_t index) {
  (void)pthread_once(&known_once, read_known);
  return known_default[index];
}
