/* SPDX-License-Identifier: Apache-2.0 */
/* What LSTM, GRU and RNN share: attributes and shapes. */
#ifndef SLD_OPS_RECURRENT_H
#define SLD_OPS_RECURRENT_H

#include "kernels/recurrent/recurrent.h"
#include "ops/epilogue.h"
#include "ops/nn.h"

extern const char *const sld_direction_names[SLD_DIRECTION_COUNT];

/* The activation of one role, one value per direction. */
#define SLD_ATTR_GATE(role, text, def_)                                                            \
    {.name = (text),                                                                               \
     .kind = SLD_ATTR_ENUM,                                                                        \
     .offset = offsetof(sld_recurrent_params, role),                                               \
     .count = 2,                                                                                   \
     .length_offset = -1,                                                                          \
     .def = (def_),                                                                                \
     .names = sld_act_names,                                                                       \
     .name_count = SLD_ACT_COUNT},                                                                 \
        SLD_ATTR_ARRAY(sld_recurrent_params, role##_alpha, text "_alpha", SLD_ATTR_F32, 2, 0),     \
        SLD_ATTR_ARRAY(sld_recurrent_params, role##_beta, text "_beta", SLD_ATTR_F32, 2, 0)

/* hidden 0 is taken from the weights. */
#define SLD_ATTR_RECURRENT                                                                         \
    SLD_ATTR(sld_recurrent_params, hidden, "hidden", SLD_ATTR_I32, 0),                             \
        SLD_ATTR_NAMED(sld_recurrent_params, direction, "direction", sld_direction_names, 0),      \
        SLD_ATTR(sld_recurrent_params, clip, "clip", SLD_ATTR_F32, 0)

solder_status sld_recurrent_infer(sld_infer *infer, int gates);

#endif
