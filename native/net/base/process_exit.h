/* SPDX-License-Identifier: MIT */
/*
 * Stops the engine's threads before the process exits. exit() runs handlers
 * while other threads still run: a thread that uses OpenSSL while OpenSSL's own
 * handler frees it crashes. Our handler runs before that one, stops new work
 * and waits for a moment until the threads have stopped for good.
 *
 * Threads: any.
 */
#ifndef HF_NET_BASE_PROCESS_EXIT_H
#define HF_NET_BASE_PROCESS_EXIT_H

#include <stdint.h>

/*
 * Registers the handler, once per process. It calls `stop`, which wakes all
 * threads up so that they reach a checkpoint.
 */
void hf_process_exit_prepare(void (*stop)(int32_t timeout_ms));

/*
 * Registers the handler again, so that it runs before the one that OpenSSL has
 * registered meanwhile: the last one registered runs first.
 */
void hf_process_exit_prepare_after_tls(void);

/* Adds the calling thread to those the handler waits for. */
void hf_process_exit_enter(void);

/* Takes the calling thread off them. */
void hf_process_exit_leave(void);

/* Blocks the calling thread for ever once the process is exiting. */
void hf_process_exit_checkpoint(void);

#endif
