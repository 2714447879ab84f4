/* SPDX-License-Identifier: MIT */
/*
 * The engine's options of a pool. hf_option_table() of holdfast.h is the only
 * place with names, defaults and bounds. Connection keywords such as host and
 * user are not part of it.
 *
 * Ownership: plain data, freely copied.
 * Threads: none; read-only once a pool has it.
 */
#ifndef HF_CORE_POLICY_CONFIG_H
#define HF_CORE_POLICY_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "holdfast.h"

struct hf_error;

/* In the order of the words of the option. */
enum hf_pooler_mode {
  HF_POOLER_AUTO,
  HF_POOLER_NONE,
  HF_POOLER_SESSION,
  HF_POOLER_TRANSACTION
};

/* Which statements are named on the server; in the order of the words. */
enum hf_prepared { HF_NAMES_AUTO, HF_NAMES_GIVEN, HF_NAMES_NEVER };

/*
 * Whether prepared statements are dropped after each use; in the order of the
 * words.
 */
enum hf_deallocate {
  HF_DEALLOCATE_OFF,
  HF_DEALLOCATE_ON,   /* on direct connections */
  HF_DEALLOCATE_FORCE /* behind a pooler, too */
};

/*
 * Whether a session is reset before somebody else uses it; in the order of the
 * words.
 */
enum hf_reset_on_release {
  HF_RESET_ON_RELEASE_OFF,
  HF_RESET_ON_RELEASE_DETECTED, /* when a statement left something in it */
  HF_RESET_ON_RELEASE_ALWAYS    /* and after each lease */
};

struct hf_config {
  int32_t max;
  int32_t min;
  int32_t idle_timeout_ms;       /* 0 = never */
  int32_t max_lifetime_s;        /* 0 = no limit */
  int32_t max_uses;              /* 0 = no limit */
  int32_t connection_timeout_ms; /* 0 = the deadline */
  int32_t connect_timeout_ms;
  int32_t deadline_ms; /* 0 = none */
  int32_t timeout_ms;  /* 0 = none */
  int32_t silence_ms;  /* 0 = off */
  int32_t drain_ms;
  int32_t slow_query_ms; /* 0 = off */
  int32_t queue_max;
  int32_t max_retries;
  int32_t retry_base_ms;
  int32_t retry_cap_ms;
  bool retry_budget;
  int64_t max_result_bytes;
  int64_t max_buffered_bytes;
  int64_t cache_max_bytes;
  int32_t cache_notify_probe_ms;
  int32_t share_max;
  int32_t statement_cache_size;
  enum hf_pooler_mode pooler;
  enum hf_prepared names;
  enum hf_deallocate deallocate;
  enum hf_reset_on_release reset_on_release;
  bool infer_reads;
  bool keep_alive;
  int32_t keep_alive_initial_delay_ms;
  int32_t tcp_user_timeout_ms;            /* 0 = the system's */
  int32_t statement_timeout_ms;           /* on the server; 0 = not set */
  int32_t lock_timeout_ms;                /* on the server; 0 = not set */
  int32_t idle_in_transaction_timeout_ms; /* on the server; 0 = not set */
};

/* Sets all defaults. */
void hf_config_init(struct hf_config *config);

/* Returns true when `name` is an option of the table. */
bool hf_config_knows(const char *name);

/*
 * Sets an option from text. Numbers are decimal integers; booleans are true,
 * false, 1 or 0. Returns HF_OK, or HF_PARAM_INVALID with the option unchanged
 * and a message that names the option and what is valid, never the value.
 * `error` may be NULL.
 */
HF_NODISCARD enum hf_status hf_config_set(struct hf_config *config,
                                          const char *name,
                                          const char *value,
                                          struct hf_error *error);

/*
 * Checks conditions between options: min must not exceed max. Call it after the
 * last hf_config_set(). Returns HF_OK or HF_PARAM_INVALID.
 */
HF_NODISCARD enum hf_status hf_config_check(const struct hf_config *config,
                                            struct hf_error *error);

/*
 * Writes the value of an option as text into `out` (at least 24 bytes). Returns
 * false for an unknown name.
 */
HF_NODISCARD bool hf_config_get(const struct hf_config *config,
                                const char *name,
                                char *out,
                                size_t out_bytes);

/* Writes the retry policy given by the options. */
void hf_config_retry_policy(const struct hf_config *config,
                            struct hf_retry_policy *policy);

#endif
