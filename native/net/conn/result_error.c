/* SPDX-License-Identifier: MIT */
#include "net/conn/result_error.h"

static const char error_letters[] = "SVCMDHPpqWstcdnFLR";

void hf_result_error_read(const PGresult *result,
                          enum hf_phase phase,
                          const char *position,
                          struct hf_error *error) {
  const char *letter;
  hf_error_set(error,
               HF_SERVER_ERROR,
               phase,
               PQresultErrorField(result, 'M') != NULL
                   ? PQresultErrorField(result, 'M')
                   : "the server reported an error without saying which");
  for (letter = error_letters; *letter != '\0'; letter++) {
    if (*letter == 'P' && position != NULL) {
      hf_error_add(error, 'P', position);
    } else if (*letter != 'M') {
      hf_error_add(error, *letter, PQresultErrorField(result, *letter));
    }
  }
}
