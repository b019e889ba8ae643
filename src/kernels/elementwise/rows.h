/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Broadcasting binary operations row by row: trailing dimensions are joined while both inputs step
 * through them evenly, so that a row is a loop the compiler can vectorise.
 */
#ifndef SLD_KERNELS_ROWS_H
#define SLD_KERNELS_ROWS_H

#include "kernels/kernel.h"

/* n elements of a contiguous output; a step of 0 repeats one element of that input, which the
 * output may not overlap. */
typedef void (*sld_row)(const sld_run *run, const void *a, int64_t a_step, const void *b,
                        int64_t b_step, void *to, int64_t n);

/* The output's last dimension is dense. */
bool sld_rows_suit(const sld_run *run);
/* in[0], in[1] to out[0]; tasks of the pool, results independent of their number. */
solder_status sld_rows_run(const sld_run *run, sld_row row);

#endif
