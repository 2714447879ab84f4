/* SPDX-License-Identifier: MIT */
/*
 * What libpq is told where a target says nothing. libpq would ask the
 * environment and look for files in the user's home folder: neither may change
 * where a connection string leads, or how.
 *
 * A release's libpq asks for no variable at all. Another one is handed every
 * keyword that has a value which stands for "nothing"; of what is left the user
 * is warned (lib/options/environment.js).
 *
 * Threads: any.
 */
#ifndef HF_NET_CONNECT_LIBPQ_DEFAULTS_H
#define HF_NET_CONNECT_LIBPQ_DEFAULTS_H

#include <stddef.h>

enum { HF_LIBPQ_DEFAULTS = 24 };

/* Where no file is: libpq takes it for a file that was never made. */
extern const char hf_libpq_no_file[];

/*
 * Returns the value to hand to libpq for a keyword that is not given, or NULL
 * where there is no need. `index` counts from 0; `keyword` becomes NULL behind
 * the last one.
 */
const char *hf_libpq_default(size_t index, const char **keyword);

#endif
