/* SPDX-License-Identifier: MIT */
#include "core/sql/kind.h"

bool hf_sql_controls_transaction(enum hf_sql_kind kind) {
  return kind == HF_SQL_BEGIN || kind == HF_SQL_COMMIT ||
         kind == HF_SQL_COMMIT_AND_CHAIN || kind == HF_SQL_ROLLBACK ||
         kind == HF_SQL_ROLLBACK_AND_CHAIN || kind == HF_SQL_ROLLBACK_TO ||
         kind == HF_SQL_SAVEPOINT || kind == HF_SQL_RELEASE_SAVEPOINT ||
         kind == HF_SQL_PREPARE_TRANSACTION;
}
