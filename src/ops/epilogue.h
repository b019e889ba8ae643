/* SPDX-License-Identifier: Apache-2.0 */
/* Names of sld_act in its order, and the attribute rows of a params struct's epilogue. */
#ifndef SLD_OPS_EPILOGUE_H
#define SLD_OPS_EPILOGUE_H

#include "kernels/activation/activation.h"
#include "ops/op.h"

static const char *const sld_act_names[SLD_ACT_COUNT] = {
    "none",        "relu",      "leaky_relu", "sigmoid",   "tanh", "elu",
    "selu",        "celu",      "softplus",   "softsign",  "clip", "hard_sigmoid",
    "hard_swish",  "swish",     "gelu",       "gelu_tanh", "mish", "thresholded_relu",
    "scaled_tanh", "threshold", "affine",
};

#define SLD_ATTR_EPILOGUE(type)                                                                    \
    SLD_ATTR_NAMED(type, epilogue.act, "epilogue.act", sld_act_names, 0),                          \
        SLD_ATTR(type, epilogue.alpha, "epilogue.alpha", SLD_ATTR_F32, 0),                         \
        SLD_ATTR(type, epilogue.beta, "epilogue.beta", SLD_ATTR_F32, 0),                           \
        SLD_ATTR(type, epilogue.residual, "epilogue.residual", SLD_ATTR_BOOL, 0)

#endif
