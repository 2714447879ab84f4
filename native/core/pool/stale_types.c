/* SPDX-License-Identifier: MIT */
#include "core/pool/stale_types.h"

#include <string.h>

#include "core/pool/request.h"

/* Said of a value that is not of its type, or of types that do not meet. */
static bool is_about_types(const char *sqlstate) {
  static const char *const states[] = {
      "22003", /* out of range */
      "22007", /* no such date */
      "22008", /* a date out of range */
      "22021", /* no text in this encoding */
      "22P02", /* not how that type is written */
      "22P03", /* not how that type is in binary */
      "42704", /* the type itself is gone */
      "42725", /* the function, or the operator, is ambiguous */
      "42804", /* the column is of another type */
      "42846", /* no cast */
      "42883", /* no such function for these types */
      "42P08", /* one parameter, two types */
      "42P18"  /* a parameter without type */
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
