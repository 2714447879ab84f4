/* SPDX-License-Identifier: MIT */
/* Tests that something asserts: it runs in a process of its own. */
#ifndef HF_TEST_DEATH_H
#define HF_TEST_DEATH_H

#include <stdbool.h>

/* Returns whether `act` ended its process by abort(). Its output is lost. */
bool aborts(void (*act)(void));

#endif
