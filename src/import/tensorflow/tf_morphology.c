/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dilation2D: the largest x + filter of a window, by channel. Every place of the window is a slice
 * of the padded image, and the result the maximum of all of them.
 */
#include <float.h>
#include <math.h>

#include "import/tensorflow/tf_ops.h"

#define MAX_TAPS 1024

typedef struct window {
    int64_t size[2], stride[2], rate[2], pad_begin[2], pad_end[2];
    bool same;
} window;

static void read_pair(sld_tf_node *node, const char *name, int64_t *out)
{
    int64_t values[4];
    size_t count = sld_tf_ints(node, name, values, 4);
    if (!sld_tf_ok(node)) {
        return;
    }
    if (count != 4 || values[1] < 1 || values[1] > INT32_MAX || values[2] < 1 ||
        values[2] > INT32_MAX) {
        sld_tf_fail(node, SOLDER_ERROR_DATA, "%s are wrong", name);
    } else if (values[0] != 1 || values[3] != 1) {
        sld_tf_unsupported(node, "%s along batch or channels", name);
    }
    memcpy(out, values + 1, 2 * sizeof *out);
}

/* The rows or columns a window covers. */
static int64_t reach(const window *w, int i)
{
    return (w->size[i] - 1) * w->rate[i] + 1;
}

static void read_window(sld_tf_node *node, const sld_value *x, const sld_value *filter, window *w)
{
    static const char *const paddings[] = {"SAME", "VALID"};
    const sld_expr_table *exprs = &node->tf->graph->exprs;
    read_pair(node, "strides", w->stride);
    read_pair(node, "rates", w->rate);
    w->same = sld_tf_choice(node, "padding", paddings, 2, 1) == 0;
    if (!sld_tf_ok(node)) {
        return;
    }
    if (x->shape.rank != 4 || filter->shape.rank != 3) {
        sld_tf_fail(node, SOLDER_ERROR_DATA, "an input of rank %d, a filter of rank %d",
                    x->shape.rank, filter->shape.rank);
        return;
    }
    if (!sld_dtype_is_float(x->dtype)) {
        sld_tf_unsupported(node, "type %s", solder_dtype_name(x->dtype));
    }
    for (int i = 0; i < 2 && sld_tf_ok(node); i++) {
        int64_t extent = 0;
        bool known = sld_expr_is_const(exprs, x->shape.d[2 + i], &extent);
        if (!sld_expr_is_const(exprs, filter->shape.d[i], &w->size[i]) || w->size[i] < 1 ||
            w->size[i] > MAX_TAPS || (i == 1 && w->size[0] * w->size[1] > MAX_TAPS)) {
            sld_tf_unsupported(node, "a filter of open dimensions or of more than %d places",
                               MAX_TAPS);
            return;
        }
        if (w->same && w->stride[i] > 1 && !known) {
            sld_tf_unsupported(node, "SAME padding of an open size");
        }
        int64_t steps = known ? (extent + w->stride[i] - 1) / w->stride[i] : 0;
        int64_t all = known ? (steps - 1) * w->stride[i] + reach(w, i) - extent : reach(w, i) - 1;
        all = w->same && all > 0 ? all : 0;
        w->pad_begin[i] = all / 2;
        w->pad_end[i] = all - all / 2;
    }
}

/* x where the window's place (row, column) falls, plus the filter there. */
static sld_value *tap(sld_tf_node *node, const window *w, sld_value *x, sld_value *filter,
                      const int64_t place[2])
{
    sld_slice_params params = {.count = 2, .axes = {2, 3}};
    for (int i = 0; i < 2; i++) {
        int64_t behind = reach(w, i) - 1 - place[i] * w->rate[i];
        params.start[i] = place[i] * w->rate[i];
        params.end[i] = behind == 0 ? INT64_MAX : -behind;
        params.step[i] = w->stride[i];
    }
    sld_value *shift = sld_tf_slice(node, filter, 0, place[0], place[0] + 1);
    shift = sld_tf_slice(node, shift, 1, place[1], place[1] + 1);
    shift = sld_tf_transpose(node, (int32_t[]){2, 0, 1}, shift); /* [C, 1, 1] */
    sld_value *part = sld_tf_emit(node, SLD_OP_SLICE, &params, &x, 1);
    return sld_tf_binary(node, SLD_BINARY_SUM, part, shift);
}

void sld_tf_dilation_2d(sld_tf_node *node, int told)
{
    (void)told;
    sld_value *x = sld_tf_first(node, sld_tf_in(node, 0));
    sld_value *filter = sld_tf_input(node, 1), *y = NULL;
    window w = {.same = false};
    read_window(node, x, filter, &w);
    sld_pad_params pad = {.value = -INFINITY};
    memcpy(pad.begin + 2, w.pad_begin, sizeof w.pad_begin);
    memcpy(pad.end + 2, w.pad_end, sizeof w.pad_end);
    if (w.pad_end[0] > 0 || w.pad_end[1] > 0) {
        x = sld_tf_emit(node, SLD_OP_PAD, &pad, &x, 1);
    }
    for (int64_t i = 0; i < w.size[0] && sld_tf_ok(node); i++) {
        for (int64_t j = 0; j < w.size[1] && sld_tf_ok(node); j++) {
            sld_value *part = tap(node, &w, x, filter, (const int64_t[]){i, j});
            y = y == NULL ? part : sld_tf_binary(node, SLD_BINARY_MAX, y, part);
        }
    }
    if (w.same && (w.rate[0] > 1 || w.rate[1] > 1)) { /* places may all lie outside */
        y = sld_tf_binary(node, SLD_BINARY_MAX, y,
                          sld_tf_ok(node) ? sld_tf_scalar(node, y->dtype, (double)-FLT_MAX) : NULL);
    }
    sld_tf_set_first(node, 0, y);
}
