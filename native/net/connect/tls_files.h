/* SPDX-License-Identifier: MIT */
/*
 * The files libpq reads for TLS. What is wrong with them is found before
 * anybody is asked: libpq would go on without encryption where sslmode is
 * "prefer", or tell it as if the server had refused.
 *
 * Ownership: copies are the caller's. Threads: any.
 */
#ifndef HF_NET_CONNECT_TLS_FILES_H
#define HF_NET_CONNECT_TLS_FILES_H

#include "core/base/error.h"
#include "net/base/system.h"
#include "net/connect/target.h"

/*
 * Checks that every file a target names can be read and used. Returns HF_OK,
 * or HF_PARAM_INVALID with `error` naming the keyword.
 */
HF_NODISCARD enum hf_status hf_tls_files_check(const struct hf_target *target,
                                               struct hf_error *error);

/*
 * Copies what only another account could open, as after setuid: a private
 * file is readable for nobody but whoever made it. Those that need no copy
 * have no descriptor. Returns false when a copy could not be made.
 */
HF_NODISCARD bool hf_tls_files_copy(
    const struct hf_target *target,
    struct hf_secret_file copies[HF_TARGET_FILES]);

/* Closes the copies. */
void hf_tls_files_close(struct hf_secret_file copies[HF_TARGET_FILES]);

#endif
