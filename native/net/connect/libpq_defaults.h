/* SPDX-License-Identifier: MIT */
/*
 * Values for the keywords of libpq that a target does not set. Without them
 * libpq reads environment variables and files of the home folder, which must
 * not change where a connection string leads.
 *
 * The libpq of a release reads no variables. Otherwise every keyword that has a
 * neutral value gets it; lib/options/environment.js warns of the others.
 *
 * Threads: any.
 */
#ifndef HF_NET_CONNECT_LIBPQ_DEFAULTS_H
#define HF_NET_CONNECT_LIBPQ_DEFAULTS_H

#include <stddef.h>

enum { HF_LIBPQ_DEFAULTS = 24 };

/* The path of a file that cannot exist. */
extern const char hf_libpq_no_file[];

/*
 * Returns the value of the index-th keyword with a neutral value, or NULL when
 * none is needed now. `*keyword` is NULL after the last one.
 */
const char *hf_libpq_default(size_t index, const char **keyword);

#endif
