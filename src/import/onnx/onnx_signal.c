/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fourier transforms as products with matrices of cosines and sines, which are computed in double
 * and rounded once: DFT is a matrix product, STFT a convolution whose filters are windowed waves.
 */
#include <math.h>

#include "import/onnx/onnx_ops.h"

#define PI      3.14159265358979323846
#define LONGEST ((int64_t)1 << 24)

typedef struct transform {
    solder_dtype dtype;
    int64_t length;          /* N of exp(-2 pi i k n / N) */
    int64_t samples, bins;   /* given and wanted */
    int parts_in, parts_out; /* 1: real, 2: complex */
    bool inverse, half;      /* half: of an inverse, the samples are those to N / 2 */
    const sld_value *window; /* NULL: none */
    double *cosines, *sines; /* of k / N turns */
} transform;

/* ---- the matrix ---- */

static bool fill_circle(sld_onnx_node *node, transform *t)
{
    size_t n = (size_t)t->length;
    double *table = sld_arena_array(&node->onnx->arena, n, 2 * sizeof *table);
    if (table == NULL) {
        node->status = sld_fail_memory(node->onnx->diag, n * 2 * sizeof *table);
        return false;
    }
    t->cosines = table;
    t->sines = table + n;
    for (size_t i = 0; i < n; i++) {
        double angle = 2 * PI * (double)i / (double)n;
        /* Zeros are zeros, so that a constant signal has no energy in other bins. */
        t->cosines[i] = 4 * i == n || 4 * i == 3 * n ? 0 : cos(angle);
        t->sines[i] = 2 * i == n ? 0 : sin(angle);
    }
    return true;
}

/* What part a of sample n adds to part c of bin k. */
static double coefficient(const transform *t, int64_t n, int a, int64_t k, int c)
{
    int64_t turn = k * n % t->length;
    double value = a == c ? t->cosines[turn] : t->sines[turn];
    if (a != c && (c == 1) != t->inverse) {
        value = -value;
    }
    if (t->inverse) {
        bool mirrored = t->half && n != 0 && 2 * n != t->length; /* also stands for N - n */
        value *= (mirrored ? 2.0 : 1.0) / (double)t->length;
    }
    if (t->window != NULL) {
        size_t size = solder_dtype_size(t->window->dtype);
        value *= sld_load_f64(t->window->dtype, (const char *)t->window->data + (size_t)n * size);
    }
    return value;
}

/* [samples * parts_in, bins * parts_out] */
static sld_value *product_matrix(sld_onnx_node *node, transform *t)
{
    const int64_t dims[] = {t->samples * t->parts_in, t->bins * t->parts_out};
    uint8_t *data = sld_onnx_made_room(node, t->dtype, 2, dims), *at = data;
    if (data == NULL || !fill_circle(node, t)) {
        return NULL;
    }
    for (int64_t row = 0; row < dims[0]; row++) {
        for (int64_t column = 0; column < dims[1]; column++) {
            double value = coefficient(t, row / t->parts_in, (int)(row % t->parts_in),
                                       column / t->parts_out, (int)(column % t->parts_out));
            sld_store_f64(t->dtype, at, value);
            at += solder_dtype_size(t->dtype);
        }
    }
    return sld_onnx_made(node, t->dtype, 2, dims, data);
}

/* [bins * 2, parts_in, samples] */
static sld_value *filters(sld_onnx_node *node, transform *t)
{
    const int64_t dims[] = {t->bins * 2, t->parts_in, t->samples};
    uint8_t *data = sld_onnx_made_room(node, t->dtype, 3, dims), *at = data;
    if (data == NULL || !fill_circle(node, t)) {
        return NULL;
    }
    for (int64_t filter = 0; filter < dims[0]; filter++) {
        for (int a = 0; a < t->parts_in; a++) {
            for (int64_t n = 0; n < t->samples; n++) {
                sld_store_f64(t->dtype, at, coefficient(t, n, a, filter / 2, (int)(filter % 2)));
                at += solder_dtype_size(t->dtype);
            }
        }
    }
    return sld_onnx_made(node, t->dtype, 3, dims, data);
}

/* ---- what both operators read ---- */

/* The whole number of an optional input: absent without it; 0 after a failure. */
static int64_t known_number(sld_onnx_node *node, sld_value *value, const char *what, int64_t absent)
{
    const int64_t *ints;
    size_t count;
    if (value == NULL || !sld_onnx_ok(node)) {
        return absent;
    }
    if (!sld_onnx_known_ints(node, value, &ints, &count)) {
        sld_onnx_unsupported(node, "a %s that is not constant", what);
        return 0;
    }
    if (count != 1) {
        sld_onnx_fail(node, SOLDER_ERROR_DATA, "%s has %zu elements, expected one", what, count);
        return 0;
    }
    return ints[0];
}

/* Longer ones pass the limit of a matrix anyway; products of these fit. */
static bool check_length(sld_onnx_node *node, int64_t length, const char *what)
{
    if (sld_onnx_ok(node) && length < 1) {
        sld_onnx_fail(node, SOLDER_ERROR_DATA, "%s is %lld", what, (long long)length);
    }
    if (length > LONGEST) {
        sld_onnx_unsupported(node, "a transform of %lld samples", (long long)length);
    }
    return sld_onnx_ok(node);
}

/* The last dimension: 1 for real, 2 for complex numbers. */
static int number_parts(sld_onnx_node *node, const sld_value *x)
{
    int64_t parts;
    if (!sld_onnx_ok(node)) {
        return 1;
    }
    if (!sld_onnx_dim(node, x, sld_onnx_rank(x) - 1, &parts)) {
        sld_onnx_unsupported(node, "an open last dimension, which tells real from complex");
        return 1;
    }
    if (parts != 1 && parts != 2) {
        sld_onnx_fail(node, SOLDER_ERROR_DATA, "the last dimension is %lld, must be 1 or 2",
                      (long long)parts);
        return 1;
    }
    return (int)parts;
}

/* ---- DFT ---- */

static int read_axis(sld_onnx_node *node, int rank)
{
    int64_t given = node->version < 20 ? sld_onnx_int(node, "axis", 1)
                                       : known_number(node, sld_onnx_input(node, 2), "axis", -2);
    int axis = sld_onnx_ok(node) ? sld_onnx_axis(node, given, rank) : 0;
    if (sld_onnx_ok(node) && axis == rank - 1) {
        sld_onnx_fail(node, SOLDER_ERROR_DATA, "axis %lld is that of the parts of numbers",
                      (long long)given);
    }
    return axis;
}

/* N, bins and how many samples it takes; dim: those there are, -1 if open. */
static void read_length(sld_onnx_node *node, transform *t, int64_t dim)
{
    sld_value *given = sld_onnx_input(node, 1);
    bool onesided = sld_onnx_bool(node, "onesided", false);
    t->inverse = sld_onnx_bool(node, "inverse", false);
    t->half = t->inverse && onesided;
    if (sld_onnx_ok(node) && onesided && t->parts_in != (t->inverse ? 2 : 1)) {
        sld_onnx_fail(node, SOLDER_ERROR_DATA, "onesided needs a %s input",
                      t->inverse ? "complex" : "real");
    }
    if (given == NULL && dim < 0) {
        sld_onnx_unsupported(node, "an open dimension without dft_length");
    }
    t->length =
        known_number(node, given, "dft_length", t->half && dim <= LONGEST ? 2 * (dim - 1) : dim);
    if (!check_length(node, t->length, "the length of the transform")) {
        return;
    }
    t->samples = t->half ? t->length / 2 + 1 : t->length;
    t->bins = onesided && !t->inverse ? t->length / 2 + 1 : t->length;
    t->parts_out = t->half ? 1 : 2;
}

/* The samples a transform takes: those beyond are cut off, missing ones are 0. */
static sld_value *fit(sld_onnx_node *node, transform *t, sld_value *x, int axis, int64_t dim)
{
    if (dim >= 0 && dim <= t->samples) {
        t->samples = dim; /* zeros need no multiplying */
        return x;
    }
    if (dim < 0) {
        sld_pad_params params = {0};
        params.end[axis] = t->samples;
        x = sld_onnx_emit(node, SLD_OP_PAD, &params, (sld_value *[]){x, NULL, NULL}, 3);
    }
    return sld_onnx_slice_axis(node, x, axis, 0, t->samples);
}

/* Moves an axis to stand before the last one, or back from there. */
static sld_value *move_axis(sld_onnx_node *node, sld_value *x, int axis, bool back)
{
    int32_t perm[SOLDER_MAX_RANK];
    int rank = sld_onnx_rank(x), place = rank - 2;
    if (axis == place || !sld_onnx_ok(node)) {
        return x;
    }
    int from = back ? place : axis, to = back ? axis : place;
    for (int i = 0, next = 0; i < rank; i++) {
        next += next == from;
        perm[i] = i == to ? from : next++;
    }
    return sld_onnx_transpose(node, perm, x);
}

void sld_onnx_dft(sld_onnx_node *node, int told)
{
    (void)told;
    sld_value *x = sld_onnx_required(node, 0);
    int rank = sld_onnx_rank(x);
    if (sld_onnx_ok(node) && rank < 2) {
        sld_onnx_fail(node, SOLDER_ERROR_DATA, "the input has rank %d, at least 2 are needed",
                      rank);
    }
    if (!sld_onnx_ok(node)) {
        return;
    }
    int axis = read_axis(node, rank);
    int64_t dim = -1;
    (void)sld_onnx_dim(node, x, axis, &dim);
    transform t = {.dtype = x->dtype, .parts_in = number_parts(node, x)};
    read_length(node, &t, dim);
    if (!sld_onnx_ok(node)) {
        return;
    }
    x = move_axis(node, fit(node, &t, x, axis, dim), axis, false);
    sld_onnx_dim_rule rules[SOLDER_MAX_RANK];
    for (int i = 0; i < rank - 2; i++) {
        rules[i] = sld_onnx_keep(i);
    }
    rules[rank - 2] = (sld_onnx_dim_rule){rank - 2, rank, 1, 1};
    x = sld_onnx_reshape(node, x, rules, rank - 1);
    x = sld_onnx_product(node, (sld_matmul_params){.alpha = 1, .beta = 1}, x,
                         product_matrix(node, &t));
    rules[rank - 2] = sld_onnx_fixed(t.bins);
    rules[rank - 1] = sld_onnx_fixed(t.parts_out);
    node->out[0] = move_axis(node, sld_onnx_reshape(node, x, rules, rank), axis, true);
}

/* ---- STFT ---- */

/* Its frame length, from the window or else from an input or the whole signal. */
static int64_t frame_length(sld_onnx_node *node, const sld_value *x, const sld_value *window)
{
    int64_t signal = -1, length = -1;
    if (!sld_onnx_ok(node)) {
        return 0;
    }
    (void)sld_onnx_dim(node, x, 1, &signal);
    if (window != NULL && sld_onnx_rank(window) != 1) {
        sld_onnx_fail(node, SOLDER_ERROR_DATA, "the window has rank %d, expected 1",
                      sld_onnx_rank(window));
    } else if (window != NULL && !sld_onnx_dim(node, window, 0, &length)) {
        sld_onnx_unsupported(node, "a window of open length");
    }
    sld_value *given_length = sld_onnx_input(node, 3);
    if (window == NULL && given_length == NULL && signal < 0) {
        sld_onnx_unsupported(node, "a signal of open length with neither window nor frame_length");
    }
    int64_t given =
        known_number(node, given_length, "frame_length", window != NULL ? length : signal);
    if (sld_onnx_ok(node) && window != NULL && given != length) {
        sld_onnx_fail(node, SOLDER_ERROR_DATA, "frame_length is %lld, the window has %lld",
                      (long long)given, (long long)length);
    }
    return check_length(node, given, "the length of a frame") ? given : 0;
}

/* The signal as [batch, parts, samples]. */
static sld_value *as_channels(sld_onnx_node *node, sld_value *x, int parts)
{
    if (parts == 2) {
        return sld_onnx_transpose(node, (int32_t[]){0, 2, 1}, x);
    }
    const sld_onnx_dim_rule rules[] = {sld_onnx_keep(0), sld_onnx_fixed(1), sld_onnx_keep(1)};
    return sld_onnx_reshape(node, x, rules, 3);
}

/* A window computed in the network multiplies the filters there. */
static sld_value *windowed_filters(sld_onnx_node *node, transform *t, sld_value *window)
{
    bool constant = window != NULL && sld_value_is_constant(window);
    t->window = constant ? window : NULL;
    sld_value *made = filters(node, t);
    return window == NULL || constant ? made : sld_onnx_binary(node, SLD_BINARY_PROD, made, window);
}

void sld_onnx_stft(sld_onnx_node *node, int told)
{
    (void)told;
    sld_value *x = sld_onnx_required(node, 0), *step = sld_onnx_required(node, 1);
    sld_value *window = sld_onnx_input(node, 2);
    bool onesided = sld_onnx_bool(node, "onesided", true);
    int rank = sld_onnx_rank(x);
    if (sld_onnx_ok(node) && rank != 2 && rank != 3) {
        sld_onnx_fail(node, SOLDER_ERROR_DATA, "the signal has rank %d, expected 3", rank);
    }
    int64_t hop = known_number(node, step, "frame_step", 0);
    int64_t length = frame_length(node, x, window);
    int parts = rank == 3 ? number_parts(node, x) : 1;
    if (sld_onnx_ok(node) && (hop < 1 || hop > INT32_MAX)) {
        sld_onnx_fail(node, SOLDER_ERROR_DATA, "frame_step is %lld", (long long)hop);
    }
    if (sld_onnx_ok(node) && onesided && parts == 2) {
        sld_onnx_fail(node, SOLDER_ERROR_DATA, "onesided needs a real signal");
    }
    if (!sld_onnx_ok(node)) {
        return;
    }
    transform t = {.dtype = x->dtype,
                   .length = length,
                   .samples = length,
                   .bins = onesided ? length / 2 + 1 : length,
                   .parts_in = parts};
    const sld_conv_params params = {
        .spatial = 1, .groups = 1, .stride = {(int32_t)hop}, .dilation = {1}};
    sld_value *in[] = {as_channels(node, x, parts), windowed_filters(node, &t, window), NULL};
    sld_value *y = sld_onnx_emit(node, SLD_OP_CONVOLUTION, &params, in, 3);
    y = sld_onnx_transpose(node, (int32_t[]){0, 2, 1}, y);
    const sld_onnx_dim_rule rules[] = {sld_onnx_keep(0), sld_onnx_keep(1), sld_onnx_fixed(t.bins),
                                       sld_onnx_fixed(2)};
    node->out[0] = sld_onnx_reshape(node, y, rules, 4);
}
