/* SPDX-License-Identifier: MIT */
/*
 * Checks the files that libpq reads for TLS, before it connects: with sslmode
 * "prefer" libpq would connect without encryption, otherwise report an error as
 * if it were the server's.
 *
 * Ownership: copies are the caller's. Threads: any.
 */
#ifndef HF_NET_CONNECT_TLS_FILES_H
#define HF_NET_CONNECT_TLS_FILES_H

#include "core/base/error.h"
#include "net/base/file.h"
#include "net/connect/target.h"

/*
 * Checks that each file of a target can be used. Returns HF_OK, or
 * HF_PARAM_INVALID with `error` naming the keyword.
 */
HF_NODISCARD enum hf_status hf_tls_files_check(const struct hf_target *target,
                                               struct hf_error *error);

/*
 * Copies anonymous files that belong to another account, as after setuid():
 * this one cannot open them. A file that needs no copy has no descriptor.
 * Returns false when a copy cannot be made.
 */
HF_NODISCARD bool hf_tls_files_copy(
    const struct hf_target *target,
    struct hf_secret_file copies[HF_TARGET_FILES]);

/* Closes the copies. */
void hf_tls_files_close(struct hf_secret_file copies[HF_TARGET_FILES]);

#endif
