/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel check: every row of every .def against its family's reference. A family adds one file
 * check_<family>.c with a generator of cases and one line to check_families.def.
 */
#ifndef TESTS_KERNELS_CHECK_H
#define TESTS_KERNELS_CHECK_H

#include <stdio.h>

#include "kernels/params.h"

typedef struct check_random {
    uint64_t state;
} check_random;

uint64_t check_next(check_random *r);
/* Uniform in [low, high]. */
int64_t check_int(check_random *r, int64_t low, int64_t high);
double check_real(check_random *r, double low, double high);
bool check_chance(check_random *r, double probability);

typedef enum check_bound {
    CHECK_DOT,  /* sums of products: 2 (terms + 1) eps sum |a||b|, through the activation */
    CHECK_CLOSE /* |a - b| <= absolute + relative |b|; integers and bool exactly */
} check_bound;

#define CHECK_INPUTS  9
#define CHECK_OUTPUTS 3

/* How the elements of an input are drawn. */
typedef struct check_fill {
    double low, high; /* both 0: [-1, 1) for floats, [0, 8) for integers */
} check_fill;

/* What a generator fills in. Tensors need dtype, rank, dims and flags; the rest is the harness's.
 */
typedef struct check_case {
    char text[512];
    union {
        uint64_t words[80];
        sld_conv_params conv;
        sld_deconv_params deconv;
        sld_matmul_params matmul;
        sld_activation_params activation;
        sld_pooling_params pooling;
        sld_lrn_params lrn;
        sld_scale_params scale;
        sld_batchnorm_params batchnorm;
        sld_normalization_params normalization;
        sld_lpnorm_params lpnorm;
        sld_reduce_params reduce;
        sld_softmax_params softmax;
        sld_elementwise_params elementwise;
        sld_unary_params unary;
        sld_cast_params cast;
        sld_select_params select;
        sld_resize_params resize;
        sld_argmax_params argmax;
        sld_recurrent_params recurrent;
    } params;
    sld_epilogue *epilogue; /* inside params; NULL: none. CHECK_DOT applies it after the sums */
    float *factors[2];      /* inside params: signs dropped for the magnitude of CHECK_DOT */
    sld_tensor in[CHECK_INPUTS], out[CHECK_OUTPUTS];
    check_fill fill[CHECK_INPUTS];
    uint32_t in_count, out_count;
    bool dense;         /* all strides contiguous, dimension 0 too */
    bool channels_last; /* input 0: dimension 1 is the innermost in memory */
    check_bound bound;
    double terms; /* CHECK_DOT */
    double absolute, relative;
    double flops; /* of one run, for the bench */
} check_case;

typedef struct check_family {
    const char *family;
    /* A random case, small enough for the reference. */
    void (*random)(check_random *r, check_case *c);
    /* A line of bench/shapes after the family's name; false: malformed. NULL: none. small: shrink
     * the channels so that the reference is quick. */
    bool (*shape)(const char *line, bool small, check_case *c);
} check_family;

/* Sets dims and dtype. */
void check_tensor(sld_tensor *t, solder_dtype dtype, int rank, const int64_t *dims);
/* Strides of a dense tensor whose dimension 1 is the innermost. */
void check_channels_last(sld_tensor *t);
/* A random activation, most often none or ReLU. */
void check_random_epilogue(check_random *r, sld_epilogue *e);
/* Dims as "1x3x8x8" into text. */
void check_dims_text(const sld_tensor *t, char *text, size_t size);

/* ---- check_bench.c ---- */

typedef struct check_options {
    sld_isa_mask isas;
    uint64_t seed;
    int cases;          /* random ones per family */
    const char *filter; /* part of a kernel's or case's name; NULL: all */
    bool bench, verbose;
} check_options;

/* Times every kernel on the lines of bench/shapes. */
void check_bench(const check_options *options, const check_family *const *families, size_t count);

/* Calls visit for each line of bench/shapes/<any>.txt that starts with the family's name. */
void check_each_shape(const check_family *family, bool small,
                      void (*visit)(void *user, const char *label, check_case *c), void *user);

/* ---- check_buffer.c ---- */

/* Memory between two pages nobody may touch, with canaries in the slack. */
typedef struct check_buffer {
    void *data;
    unsigned char *map;
    size_t bytes, map_bytes, slack_bytes;
} check_buffer;

/* at_end: data ends at the forbidden page, else it begins at one. align: of data. */
bool check_buffer_create(check_buffer *b, size_t bytes, size_t align, bool at_end);
bool check_buffer_intact(const check_buffer *b);
void check_buffer_free(check_buffer *b);

#endif
