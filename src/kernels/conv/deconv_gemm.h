/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Deconvolution as stride_y * stride_x convolutions: output positions of one residue ("phase")
 * modulo the stride meet every stride-th tap of the window, at consecutive inputs. Each phase is a
 * convolution of stride 1 into scratch, spread over the output afterwards.
 */
#ifndef SLD_KERNELS_CONV_DECONV_GEMM_H
#define SLD_KERNELS_CONV_DECONV_GEMM_H

#include "kernels/conv/conv_gemm.h"

bool sld_deconv_gemm_supports(const sld_run *run);
size_t sld_deconv_gemm_workspace(const sld_run *run, int threads, const sld_conv_isa *isa);
solder_status sld_deconv_gemm_run(const sld_run *run, const sld_conv_isa *isa);

/* Phase by phase, the weights of its convolution as conv_rows packs them. */
extern const sld_packing sld_packing_deconv_rows16;
extern const sld_packing sld_packing_deconv_rows32;

/* One axis of a phase: taps first, first + stride, ... of the window. */
typedef struct sld_deconv_axis {
    int64_t stride, first, taps;
} sld_deconv_axis;

/* The axes (y, x) of phase index in [0, *count); 1-d has a y axis of one tap. */
void sld_deconv_phase(const sld_deconv_params *p, const sld_tensor *w, int64_t index,
                      sld_deconv_axis axes[2], int64_t *count);
/* Floats of a phase's packed weights. */
size_t sld_deconv_phase_floats(const sld_tensor *w, const sld_deconv_axis axes[2], int64_t rows);

#endif
