/* SPDX-License-Identifier: MIT */
/*
 * libpq reads PEM texts from files only: they are written to anonymous files,
 * which are open as long as the target lives.
 */
#include "net/connect/target.h"

#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core/base/alloc.h"
#include "core/base/error.h"
#include "net/base/clock.h"
#include "net/base/file.h"
#include "net/base/system.h"
#include "net/connect/libpq_defaults.h"
#include "net/connect/target_keys.h"

#define REMEMBER_NS (300ull * 1000 * 1000 * 1000)

enum { PEM_FILES = HF_TARGET_FILES, MESSAGE_BYTES = 160 };

/* What is set, what stands in for the rest, client_encoding, three places, a
 * role. */
_Static_assert(HF_TARGET_KEYS + (int)HF_LIBPQ_DEFAULTS + 6 <=
                   (int)HF_TARGET_PARAMS_MAX,
               "too many keys");

/* Keys that take a PEM text, and libpq's key for the file. */
static const struct {
  const char *name;
  const char *file_key;
} pems[PEM_FILES] = {{"sslrootcert_pem", "sslrootcert"},
                     {"sslcert_pem", "sslcert"},
                     {"sslkey_pem", "sslkey"}};

struct hf_target {
  atomic_int references;
  char *values[HF_TARGET_KEYS];
  struct hf_secret_file files[PEM_FILES];
  char *place; /* remembered; the engine's thread only */
  uint64_t place_until_ns;
  char *approved; /* certificates; the engine's thread only */
  char *session;  /* start-up options with the pool's settings, or NULL */
  atomic_uint_least64_t refused; /* a bit per key the server will not take */
};

_Static_assert(HF_TARGET_KEYS <= 64, "more keys than bits");

static int find_pem(const char *name) {
  int i;
  for (i = 0; i < PEM_FILES; i++) {
    if (strcmp(pems[i].name, name) == 0) {
      return i;
    }
  }
  return -1;
}

static enum hf_status refuse(struct hf_error *error,
                             const char *key,
                             const char *why) {
  char message[MESSAGE_BYTES];
  (void)snprintf(message, sizeof message, "%.40s: %s", key, why);
  hf_error_set(error, HF_PARAM_INVALID, HF_PHASE_LOCAL, message);
  return HF_PARAM_INVALID;
}

static enum hf_status no_memory(struct hf_error *error) {
  hf_error_set(error, HF_NO_MEMORY, HF_PHASE_LOCAL, NULL);
  return HF_NO_MEMORY;
}

static bool has_control(const char *text) {
  for (; *text != '\0'; text++) {
    unsigned char c = (unsigned char)*text;
    if (c < 0x20 || c == 0x7f) {
      return true;
    }
  }
  return false;
}

/* Stores a copy of a value; NULL for an empty one. */
static enum hf_status store(struct hf_target *target,
                            int index,
                            const char *value,
                            struct hf_error *error) {
  char *copy = NULL;
  if (*value != '\0') {
    copy = hf_strndup(value, strlen(value));
    if (copy == NULL) {
      return no_memory(error);
    }
  }
  hf_system_wipe_text(target->values[index]);
  target->values[index] = copy;
  return HF_OK;
}

static enum hf_status store_pem(struct hf_target *target,
                                int pem,
                                const char *text,
                                struct hf_error *error) {
  struct hf_secret_file file = {.fd = -1};
  enum hf_status status;

  if (*text != '\0') {
    if (strstr(text, "-----BEGIN ") == NULL) {
      return refuse(error, pems[pem].name, "this is not PEM text");
    }
    if (!hf_secret_file_open(&file, text)) {
      return refuse(error, pems[pem].name, "no anonymous file could be made");
    }
  }
  status =
      store(target, hf_target_key_find(pems[pem].file_key), file.path, error);
  if (status != HF_OK) {
    hf_secret_file_close(&file);
    return status;
  }
  hf_secret_file_close(&target->files[pem]);
  target->files[pem] = file;
  return HF_OK;
}

struct hf_target *hf_target_new(void) {
  struct hf_target *target = hf_calloc(1, sizeof *target);
  int i;
  if (target != NULL) {
    atomic_init(&target->references, 1);
    for (i = 0; i < PEM_FILES; i++) {
      target->files[i].fd = -1;
    }
  }
  return target;
}

bool hf_target_knows(const char *key) {
  int index = hf_target_key_find(key);
  return find_pem(key) >= 0 ||
         (index >= 0 && (hf_target_key_is_known(index) ||
                         hf_target_keys[index].rule == HF_KEY_IGNORED));
}

enum hf_status hf_target_set(struct hf_target *target,
                             const char *key,
                             const char *value,
                             struct hf_error *error) {
  int pem = find_pem(key);
  int index = hf_target_key_find(key);

  if (pem >= 0) {
    return store_pem(target, pem, value, error);
  }
  if (index < 0) {
    return refuse(error, key, "not a connection setting we pass on");
  }
  if (!hf_target_knows(key)) {
    return refuse(error, key, "this needs a newer libpq");
  }
  if (hf_target_keys[index].rule != HF_KEY_SECRET && has_control(value)) {
    return refuse(error, key, "the value has control characters");
  }
  if (hf_target_keys[index].rule == HF_KEY_FIXED && *value != '\0' &&
      strcasecmp(value, "utf8") != 0 && strcasecmp(value, "utf-8") != 0 &&
      strcasecmp(value, "unicode") != 0) {
    return refuse(error, key, "it is always UTF8");
  }
  if (hf_target_keys[index].rule == HF_KEY_FIXED ||
      hf_target_keys[index].rule == HF_KEY_IGNORED) {
    return HF_OK;
  }
  return store(target, index, value, error);
}

const char *hf_target_get(const struct hf_target *target, const char *key) {
  int index = hf_target_key_find(key);
  return index < 0 ? NULL : target->values[index];
}

const char *hf_target_file_keyword(int i) {
  return pems[i].file_key;
}

int hf_target_file(const struct hf_target *target, const char *keyword) {
  int i;
  for (i = 0; i < PEM_FILES; i++) {
    if (strcmp(pems[i].file_key, keyword) == 0) {
      return target->files[i].fd;
    }
  }
  return -1;
}

struct hf_target *hf_target_ref(struct hf_target *target) {
  (void)atomic_fetch_add(&target->references, 1);
  return target;
}

void hf_target_unref(struct hf_target *target) {
  int i;
  if (target == NULL || atomic_fetch_sub(&target->references, 1) != 1) {
    return;
  }
  for (i = 0; i < HF_TARGET_KEYS; i++) {
    hf_system_wipe_text(target->values[i]);
  }
  for (i = 0; i < PEM_FILES; i++) {
    hf_secret_file_close(&target->files[i]);
  }
  hf_free(target->place);
  hf_free(target->approved);
  hf_free(target->session);
  hf_free(target);
}

enum hf_status hf_target_set_session(struct hf_target *target,
                                     const char *options) {
  const char *given = hf_target_get(target, "options");
  size_t before = given == NULL ? 0 : strlen(given) + 1;
  size_t bytes = strlen(options);
  char *text = hf_alloc(before + bytes + 1);
  if (text == NULL) {
    return HF_NO_MEMORY;
  }
  if (given != NULL) {
    memcpy(text, given, before - 1);
    text[before - 1] = ' ';
  }
  memcpy(text + before, options, bytes + 1);
  hf_free(target->session);
  target->session = text;
  return HF_OK;
}

const char *hf_target_session(const struct hf_target *target) {
  return target->session;
}

/* Adds the neutral values of keywords that are not set. */
static size_t add_defaults(const struct hf_target *target,
                           const char *keywords[HF_TARGET_PARAMS_MAX],
                           const char *values[HF_TARGET_PARAMS_MAX]) {
  bool certified = hf_target_get(target, "sslcert") != NULL;
  size_t n = 0;
  size_t i;
  for (i = 0; i < HF_LIBPQ_DEFAULTS; i++) {
    const char *keyword;
    const char *value = hf_libpq_default(i, &keyword);
    if (keyword == NULL || value == NULL || !hf_target_default_is_known(i) ||
        hf_target_get(target, keyword) != NULL) {
      continue;
    }
    keywords[n] = keyword;
    values[n++] =
        strcmp(keyword, "sslcertmode") == 0 && certified ? "allow" : value;
  }
  return n;
}

size_t hf_target_params(const struct hf_target *target,
                        const char *keywords[HF_TARGET_PARAMS_MAX],
                        const char *values[HF_TARGET_PARAMS_MAX]) {
  uint64_t refused = atomic_load(&target->refused);
  size_t n = add_defaults(target, keywords, values);
  int i;
  keywords[n] = "client_encoding";
  values[n++] = "UTF8";
  for (i = 0; i < HF_TARGET_KEYS; i++) {
    if (hf_target_keys[i].rule != HF_KEY_OURS && target->values[i] != NULL &&
        (refused >> i & 1) == 0) {
      keywords[n] = hf_target_keys[i].name;
      values[n++] = target->values[i];
    }
  }
  keywords[n] = NULL;
  values[n] = NULL;
  return n;
}

bool hf_target_omit(struct hf_target *target, const char *parameter) {
  static const char *const droppable[] = {"application_name",
                                          "fallback_application_name"};
  size_t i;
  for (i = 0; i < sizeof droppable / sizeof droppable[0]; i++) {
    int index = hf_target_key_find(droppable[i]);
    if (strncmp(parameter, droppable[i], strlen(droppable[i])) == 0 &&
        target->values[index] != NULL) {
      uint64_t bit = (uint64_t)1 << index;
      return (atomic_fetch_or(&target->refused, bit) & bit) == 0;
    }
  }
  return false;
}

/* Returns the address as one text; NULL when out of memory. */
static char *place_text(const char *host,
                        const char *address,
                        const char *port) {
  size_t bytes = strlen(host) + strlen(address) + strlen(port) + 3;
  char *text = hf_alloc(bytes);
  if (text != NULL) {
    (void)snprintf(text, bytes, "%s,%s,%s", host, address, port);
  }
  return text;
}

bool hf_target_remembers(const struct hf_target *target,
                         const char *host,
                         const char *address,
                         const char *port) {
  char *text;
  bool same;
  if (target->place == NULL || hf_clock_ns() >= target->place_until_ns) {
    return false;
  }
  text = place_text(host, address, port);
  same = text != NULL && strcmp(text, target->place) == 0;
  hf_free(text);
  return same;
}

void hf_target_remember(struct hf_target *target,
                        const char *host,
                        const char *address,
                        const char *port) {
  if (host != NULL && hf_target_remembers(target, host, address, port)) {
    return; /* its time is not extended: the first address gets another chance
             */
  }
  hf_free(target->place);
  target->place = host == NULL ? NULL : place_text(host, address, port);
  target->place_until_ns = hf_clock_ns() + REMEMBER_NS;
}

void hf_target_approve(struct hf_target *target, const char *pem) {
  hf_free(target->approved);
  target->approved = hf_strndup(pem, strlen(pem));
}

bool hf_target_has_approved(const struct hf_target *target, const char *pem) {
  return target->approved != NULL && strcmp(target->approved, pem) == 0;
}

bool hf_target_may_use_tls(const struct hf_target *target) {
  const char *mode = hf_target_get(target, "sslmode");
  return mode == NULL || strcmp(mode, "disable") != 0;
}
