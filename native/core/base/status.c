/* SPDX-License-Identifier: MIT */
#include "core/base/status.h"

struct row {
  const char *name;
  const char *code;
  const char *text;
};

static const struct row rows[HF_STATUS_COUNT] = {
#define HF_STATUS_ROW(name, code, text) [name] = {#name, code, text},
    HF_STATUS_MAP(HF_STATUS_ROW)
#undef HF_STATUS_ROW
};

static bool known(enum hf_status status) {
  return (unsigned)status < HF_STATUS_COUNT;
}

const char *hf_status_name(enum hf_status status) {
  return known(status) ? rows[status].name : "";
}

const char *hf_status_code(enum hf_status status) {
  return known(status) ? rows[status].code : "";
}

const char *hf_status_text(enum hf_status status) {
  return known(status) ? rows[status].text : "";
}

const char *hf_outcome_name(enum hf_outcome outcome) {
  switch (outcome) {
  case HF_OUTCOME_NONE:
    return "";
  case HF_OUTCOME_NOT_EXECUTED:
    return "not_executed";
  case HF_OUTCOME_ROLLED_BACK:
    return "rolled_back";
  case HF_OUTCOME_AMBIGUOUS:
    return "ambiguous";
  case HF_OUTCOME_PERMANENT:
    return "permanent";
  }
  return "";
}
