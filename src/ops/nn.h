/* SPDX-License-Identifier: Apache-2.0 */
/* Checks shared by the operators with weights and windows. */
#ifndef SLD_OPS_NN_H
#define SLD_OPS_NN_H

#include "ops/op.h"
#include "kernels/pool/pool.h"

/* Input index is given and has a float type. */
solder_status sld_nn_float(const sld_infer *infer, uint32_t index);
/* Input index, if given, has the dtype of input 0. */
solder_status sld_nn_same_dtype(const sld_infer *infer, uint32_t index);
/* Input index, if given, has rank 1 and (as far as both are known) length elements. */
solder_status sld_nn_vector(const sld_infer *infer, uint32_t index, const char *what,
                            sld_dim length);
/* Two extents may be equal: not two constants that differ. */
bool sld_nn_dims_agree(const sld_infer *infer, sld_dim a, sld_dim b);
/* Activation in range; residual input given exactly if wanted, with out's dims and dtype. */
solder_status sld_nn_epilogue(const sld_infer *infer, const sld_epilogue *epilogue,
                              uint32_t residual_slot, const sld_shape *out);
/* *spatial 0 becomes rank - 2; another value must equal it. */
solder_status sld_nn_spatial(const sld_infer *infer, int32_t *spatial, int rank);
/* Every value of a list is at least min. */
solder_status sld_nn_at_least(const sld_infer *infer, const char *what, const int32_t *values,
                              int count, int32_t min);

/* One axis of a sliding window; the output extent follows. */
typedef struct sld_nn_axis {
    int axis; /* spatial axis, for messages */
    sld_dim in, window;
    int32_t stride, dilation, pad_begin, pad_end;
    int32_t pad_mode; /* sld_pad_mode */
    int32_t round;    /* sld_pool_round */
    bool clip;        /* SLD_ROUND_CAFFE: some axis is padded */
} sld_nn_axis;
solder_status sld_nn_window_out(const sld_infer *infer, const sld_nn_axis *axis, sld_dim *out);

extern const char *const sld_pad_mode_names[SLD_PAD_VALID + 1];

/*
 * Operators that cut regions out of images: image [N,C,H,W], regions [R,4], number of the image of
 * each region [R]. Checks them and sets output 0 to [R,C,height,width]. one and many name regions
 * in messages: "box", "boxes".
 */
solder_status sld_infer_regions(sld_infer *infer, const char *one, const char *many, int32_t height,
                                int32_t width);

#endif
