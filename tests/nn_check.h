/* SPDX-License-Identifier: Apache-2.0 */
/* Helpers for tests of operators and reference kernels: tensors from lists of doubles, comparisons,
 * and shape inference through the text form. */
#ifndef TESTS_NN_CHECK_H
#define TESTS_NN_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <math.h>

#include <cmocka.h>

#include "graph/graph.h"
#include "kernels/kernel.h"
#include "kernels/params.h"

#define DIMS(...)                                                                                  \
    ((const int64_t[]){__VA_ARGS__}),                                                              \
        (int)(sizeof((const int64_t[]){__VA_ARGS__}) / sizeof(int64_t))
#define VALUES(...) ((const double[]){__VA_ARGS__})
#define ABSENT      ((sld_tensor){0})

static _Alignas(64) unsigned char heap[1 << 22];
static size_t heap_used;

static inline int heap_reset(void **state)
{
    (void)state;
    heap_used = 0;
    memset(heap, 0xa5, sizeof heap);
    return 0;
}

/* A contiguous tensor over fresh memory. */
static inline sld_tensor blank(solder_dtype dtype, const int64_t *dims, int rank)
{
    sld_tensor t = sld_tensor_make(heap + heap_used, dtype, rank, dims);
    heap_used += ((size_t)sld_tensor_count(&t) * solder_dtype_size(dtype) + 63) / 64 * 64;
    assert_true(heap_used <= sizeof heap);
    return t;
}

static inline void put(const sld_tensor *t, int64_t offset, double value)
{
    if (sld_dtype_is_float(t->dtype)) {
        sld_put_f64(t, offset, value);
    } else {
        sld_put_i64(t, offset, (int64_t)value);
    }
}

static inline sld_tensor tensor(solder_dtype dtype, const int64_t *dims, int rank,
                                const double *values)
{
    sld_tensor t = blank(dtype, dims, rank);
    for (int64_t i = 0; i < sld_tensor_count(&t); i++) {
        put(&t, i, values[i]);
    }
    return t;
}

/* Values in [-1, 1] in steps of 1/128: exact in every float type. Seeded, not constant. */
static inline sld_tensor noise(solder_dtype dtype, const int64_t *dims, int rank, uint32_t seed)
{
    sld_tensor t = blank(dtype, dims, rank);
    for (int64_t i = 0; i < sld_tensor_count(&t); i++) {
        seed = seed * 1664525u + 1013904223u;
        put(&t, i, (double)((int32_t)(seed >> 24) - 128) / 128);
    }
    return t;
}

/* The same elements with gaps of poison between them, innermost dimension outermost in memory. */
static inline sld_tensor scattered(const sld_tensor *t)
{
    sld_tensor s = *t;
    int64_t stride = 2;
    for (int i = 0; i < t->rank; i++) {
        s.stride[i] = stride;
        stride = stride * (t->dim[i] > 0 ? t->dim[i] : 1) + 1;
    }
    s.data = heap + heap_used;
    heap_used += ((size_t)stride * solder_dtype_size(t->dtype) + 127) / 64 * 64;
    assert_true(heap_used <= sizeof heap);
    sld_tensor_copy(t, &s);
    return s;
}

static inline solder_status run_kernel(const char *name, const void *params, sld_tensor *in,
                                       uint32_t in_count, sld_tensor *out, uint32_t out_count)
{
    const sld_kernel *kernel = sld_kernel_find(name);
    assert_non_null(kernel);
    sld_run run = {
        .params = params, .in = in, .out = out, .in_count = in_count, .out_count = out_count};
    return kernel->run(&run);
}

static inline void expect_values(const sld_tensor *t, const double *values, double tolerance)
{
    int64_t index[SOLDER_MAX_RANK] = {0};
    int64_t i = 0;
    if (sld_tensor_count(t) == 0) {
        return;
    }
    do {
        double have = sld_at_f64(t, sld_tensor_offset(t, index));
        double error = fabs(have - values[i]);
        if (!(error <= tolerance + tolerance * fabs(values[i])) && have != values[i] &&
            !(isnan(have) && isnan(values[i]))) {
            fail_msg("element %lld is %.9g, expected %.9g", (long long)i, have, values[i]);
        }
        i++;
    } while (sld_index_next(index, t->dim, t->rank));
}

static inline void expect_same(const sld_tensor *a, const sld_tensor *b, double tolerance)
{
    int64_t index[SOLDER_MAX_RANK] = {0};
    assert_int_equal(a->rank, b->rank);
    assert_int_equal(sld_tensor_count(a), sld_tensor_count(b));
    do {
        double x = sld_at_f64(a, sld_tensor_offset(a, index));
        double y = sld_at_f64(b, sld_tensor_offset(b, index));
        if (!(fabs(x - y) <= tolerance) && x != y) {
            fail_msg("%.9g differs from %.9g", x, y);
        }
    } while (sld_index_next(index, a->dim, a->rank));
}

/* Reads a network; text holds everything after its first line. */
static inline solder_status read_network(const char *text, sld_diag *diag, sld_graph **graph)
{
    char all[4096];
    (void)snprintf(all, sizeof all, "network \"t\"\n%s", text);
    sld_diag_init(diag, NULL);
    return sld_graph_read(NULL, diag, all, strlen(all), graph);
}

/* dtype and dims of %y: "f32[N,3]". */
static inline void expect_shape(const char *text, const char *shape)
{
    sld_diag diag;
    sld_graph *graph = NULL;
    if (read_network(text, &diag, &graph) != SOLDER_OK) {
        fail_msg("%s", diag.message);
    }
    const sld_value *y = sld_graph_find_value(graph, "y");
    assert_non_null(y);
    char have[256];
    int at = snprintf(have, sizeof have, "%s[", solder_dtype_name(y->dtype));
    for (int i = 0; i < y->shape.rank; i++) {
        char dim[64];
        sld_expr_print(&graph->exprs, y->shape.d[i], dim, sizeof dim);
        at += snprintf(have + at, sizeof have - (size_t)at, "%s%s", i > 0 ? "," : "", dim);
    }
    (void)snprintf(have + at, sizeof have - (size_t)at, "]");
    assert_string_equal(have, shape);
    sld_graph_destroy(graph);
}

/* The message contains text. */
static inline void expect_error(const char *text, const char *message)
{
    sld_diag diag;
    sld_graph *graph = NULL;
    solder_status status = read_network(text, &diag, &graph);
    if (status == SOLDER_OK) {
        sld_graph_destroy(graph);
        fail_msg("no error, expected: %s", message);
    }
    if (strstr(diag.message, message) == NULL) {
        fail_msg("\"%s\" does not contain \"%s\"", diag.message, message);
    }
}

#endif
