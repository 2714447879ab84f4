/* SPDX-License-Identifier: MIT */
/* What the files of the simulation share. */
#ifndef HF_TEST_SIM_INTERNAL_H
#define HF_TEST_SIM_INTERNAL_H

#include "sim.h"

/* Every operation of a pool, recorded and checked; without its context. */
extern const struct hf_pool_io sim_io;

#endif
