/* SPDX-License-Identifier: MIT */
/*
 * What every unit test needs: cmocka with the headers it asks for, and an
 * allocator that fails on purpose.
 */
#ifndef HF_TEST_SUPPORT_H
#define HF_TEST_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Lets `n` allocations succeed from now on and fails all after them. */
void fail_allocations_after(size_t n);

/* Lets all succeed again. Returns whether one was failed. */
bool allocations_were_failed(void);

/* Returns the next number of a fixed sequence; *state is the seed. */
uint32_t next_random(uint32_t *state);

#endif
