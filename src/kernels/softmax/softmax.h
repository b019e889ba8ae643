/* SPDX-License-Identifier: Apache-2.0 */
/* SoftMax along one axis: e^(x - max) / sum. */
#ifndef SLD_KERNELS_SOFTMAX_H
#define SLD_KERNELS_SOFTMAX_H

#include "kernels/kernel.h"

typedef struct sld_softmax_params {
    int32_t axis; /* 0 <= axis < rank */
    int32_t log;  /* 1: the logarithm of it */
} sld_softmax_params;

#endif
