/* SPDX-License-Identifier: Apache-2.0 */
/* Every parameter struct: what a plan may store and what operators describe. */
#ifndef SLD_KERNELS_PARAMS_H
#define SLD_KERNELS_PARAMS_H

#include "kernels/activation/activation.h"
#include "kernels/control/control.h"
#include "kernels/conv/conv.h"
#include "kernels/detection/detection.h"
#include "kernels/elementwise/elementwise.h"
#include "kernels/fill/fill.h"
#include "kernels/gather/gather.h"
#include "kernels/gemm/gemm.h"
#include "kernels/norm/norm.h"
#include "kernels/plugin/plugin_params.h"
#include "kernels/pool/pool.h"
#include "kernels/recurrent/recurrent.h"
#include "kernels/reduce/reduce.h"
#include "kernels/resize/resize.h"
#include "kernels/shuffle/shuffle.h"
#include "kernels/slice/slice.h"
#include "kernels/softmax/softmax.h"

#endif
