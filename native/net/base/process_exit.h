/* SPDX-License-Identifier: MIT */
/*
 * The end of the process. exit() destroys things under running threads: an
 * OpenSSL that is being used while its own exit handler frees it crashes. So
 * a handler of ours runs before, stops new work and waits, briefly, until the
 * engine and the connectors have come to rest; they stay at rest.
 *
 * Threads: any.
 */
#ifndef HF_NET_BASE_PROCESS_EXIT_H
#define HF_NET_BASE_PROCESS_EXIT_H

#include <stdint.h>

/*
 * Registers the handler, once per process. It calls `stop`, which has all
 * threads that enter wake up and come to their checkpoint.
 */
void hf_process_exit_prepare(void (*stop)(int32_t timeout_ms));

/*
 * Registers it once more: handlers run last in, first out, so that it runs
 * before the one OpenSSL has just registered.
 */
void hf_process_exit_prepare_after_tls(void);

/* The calling thread is one to wait for. */
void hf_process_exit_enter(void);

/* It is no longer. */
void hf_process_exit_leave(void);

/* Where a thread comes to rest for ever once the process is ending. */
void hf_process_exit_checkpoint(void);

#endif
