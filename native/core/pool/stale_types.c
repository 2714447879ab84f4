/* SPDX-License-Identifier: MIT */
#include "core/pool/stale_types.h"

#include <string.h>

#include "core/pool/request.h"

/*
 * Returns true for an error about a value that does not fit its type, or about
 * types that do not fit each other.
 */
static bool is_about_types(const char *sqlstate) {
  static const char *const states[] = {
      "22003", /* out of range */
      "22007", /* not a valid date */
      "22008", /* a date out of range */
      "22021", /* not valid in this encoding */
      "22P02", /* invalid text representation */
      "22P03", /* invalid binary representation */
      "42704", /* the type does not exist */
      "42725", /* ambiguous function or operator */
      "42804", /* the column has another type */
      "42846", /* no such cast */
      "42883", /* no function for these types */
      "42P08", /* a parameter has two types */
      "42P18"  /* a parameter has no type */
  };
  size_t i;

  for (i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
    if (strcmp(sqlstate, states[i]) == 0) {
      return true;
    }
  }
  return false;
}

bool hf_stale_types_suspected(const struct hf_request *request) {
  static const char lost[] = "cache lookup failed";
  const struct hf_error *error = &request->error;
  const char *message = hf_error_field(error, 'M');

  if (!request->name_reused || error->severity != HF_SEVERITY_ERROR) {
    return false;
  }
  return is_about_types(error->sqlstate) ||
         (strcmp(error->sqlstate, "XX000") == 0 && message != NULL &&
          strncmp(message, lost, strlen(lost)) == 0);
}
