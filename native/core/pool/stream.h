/* SPDX-License-Identifier: MIT */
/*
 * A stream: a request whose rows, or data of COPY, are handed over while it
 * runs. Nothing is read for a reader that has enough, and nothing is sent for a
 * writer that has nothing; that time counts for no limit. It is retried only
 * before its first rows or data, which also end its deadline.
 *
 * Ownership: borrows.
 * Threads: the engine's thread only.
 */
#ifndef HF_CORE_POOL_STREAM_H
#define HF_CORE_POOL_STREAM_H

#include <stdint.h>

struct hf_pool;
struct hf_request;

/* The first rows, or data, were handed over. */
void hf_stream_on_rows(struct hf_pool *pool,
                       struct hf_request *request,
                       uint64_t now_us);

/*
 * Nothing is read for it from now on: its reader has enough. Of COPY FROM:
 * there is nothing to be sent.
 */
void hf_stream_on_held(struct hf_pool *pool,
                       struct hf_request *request,
                       uint64_t now_us);

/* It is read again, or there is something to be sent. */
void hf_stream_on_resumed(struct hf_pool *pool,
                          struct hf_request *request,
                          uint64_t now_us);

/*
 * Its reader wants no more rows. What runs is cancelled; a statement that may
 * write and is inside a transaction runs to its end instead, unread, so that
 * the transaction has all of it. Succeeds unless the connection is lost. Of
 * COPY FROM: its writer has given up; nothing is stored, and a transaction
 * around it has failed.
 */
void hf_stream_leave(struct hf_pool *pool,
                     struct hf_request *request,
                     uint64_t now_us);

/* ---- for the pool's own modules ----------------------------------------- */

/*
 * Judges the end of a stream that was given up: without an error of its own it
 * failed with why it was given up, as its rows were dropped; one that its
 * reader left has not failed at all, and neither has a COPY FROM that was
 * stored all the same.
 */
void hf_stream_judge_end(struct hf_request *request);

#endif
