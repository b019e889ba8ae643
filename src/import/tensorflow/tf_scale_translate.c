/* SPDX-License-Identifier: Apache-2.0 */
/* ScaleAndTranslate (Lanczos and antialiased resizing) as two matrix products, rows then columns.
 */
#include <float.h>
#include <math.h>

#include "import/tensorflow/tf_ops.h"

#define MAX_WEIGHTS ((int64_t)1 << 22)
#define PI          3.14159265358979323846f

enum { LANCZOS1 = 0, LANCZOS3, LANCZOS5, GAUSSIAN, BOX, TRIANGLE, KEYS_CUBIC, MITCHELL_CUBIC };
static const char *const kernels[] = {"lanczos1", "lanczos3", "lanczos5",  "gaussian",
                                      "box",      "triangle", "keyscubic", "mitchellcubic"};
static const float radii[] = {1, 3, 5, 1.5f, 1, 1, 2, 2};

static float lanczos(float radius, float x)
{
    if (x > radius) {
        return 0;
    }
    return x <= 1e-3f ? 1 : radius * sinf(PI * x) * sinf(PI * x / radius) / (PI * PI * x * x);
}

/* x >= 0 */
static float kernel_at(int kind, float x)
{
    switch (kind) {
    case GAUSSIAN:
        return x >= 1.5f ? 0 : expf(-x * x / (2 * 0.5f * 0.5f));
    case BOX:
        return x < 0.5f ? 1 : x == 0.5f ? 0.5f : 0;
    case TRIANGLE:
        return x < 1 ? 1 - x : 0;
    case KEYS_CUBIC:
        return x >= 2   ? 0
               : x >= 1 ? ((-0.5f * x + 2.5f) * x - 4) * x + 2
                        : (1.5f * x - 2.5f) * x * x + 1;
    case MITCHELL_CUBIC:
        return x >= 2   ? 0
               : x >= 1 ? ((-7.0f / 18 * x + 2) * x - 10.0f / 3) * x + 16.0f / 9
                        : (7.0f / 6 * x - 2) * x * x + 8.0f / 9;
    default:
        return lanczos(radii[kind], x);
    }
}

/* One axis: what the attributes say of it. */
typedef struct axis_rule {
    int kind;
    bool antialias;
    int64_t in, out;
    float scale, translation;
} axis_rule;

static int64_t clamped(float at, int64_t count)
{
    return at <= 0 ? 0 : at >= (float)(count - 1) ? count - 1 : (int64_t)at;
}

static void fill_row(const axis_rule *r, int64_t i, float *row)
{
    float step = 1 / r->scale;
    float reach = r->antialias && step > 1 ? step : 1; /* of the kernel's unit, in pixels */
    float at = ((float)i + 0.5f) * step - step * r->translation;
    if (!(at >= 0 && at <= (float)r->in)) {
        return; /* outside: black */
    }
    int64_t first = clamped(ceilf(at - radii[r->kind] * reach - 0.5f), r->in);
    int64_t last = clamped(floorf(at + radii[r->kind] * reach - 0.5f), r->in);
    float sum = 0;
    for (int64_t p = first; p <= last; p++) {
        row[p] = kernel_at(r->kind, fabsf((float)p + 0.5f - at) / reach);
        sum += row[p];
    }
    for (int64_t p = first; p <= last && fabsf(sum) >= 1000 * FLT_MIN; p++) {
        row[p] /= sum;
    }
}

/* [out, in] */
static sld_value *weights(sld_tf_node *node, const axis_rule *r)
{
    if (!sld_tf_ok(node)) {
        return NULL;
    }
    if (r->in < 1 || r->out < 1 || r->in > MAX_WEIGHTS || r->out > MAX_WEIGHTS / r->in ||
        !(r->scale > 0)) {
        sld_tf_unsupported(node, "from %lld to %lld pixels", (long long)r->in, (long long)r->out);
        return NULL;
    }
    float *table = sld_arena_array(&node->tf->arena, (size_t)(r->in * r->out), sizeof *table);
    if (table == NULL) {
        node->status = sld_fail_memory(node->tf->diag, (size_t)(r->in * r->out));
        return NULL;
    }
    for (int64_t i = 0; i < r->out; i++) {
        fill_row(r, i, table + i * r->in);
    }
    return sld_tf_constant(node, SOLDER_F32, 2, (int64_t[]){r->out, r->in}, table);
}

static bool known_pair(sld_tf_node *node, uint32_t index, const char *what, float pair[2])
{
    const sld_value *value = sld_tf_input(node, index);
    if (!sld_tf_ok(node)) {
        return false;
    }
    if (!sld_value_is_constant(value) || value->dtype != SOLDER_F32 ||
        value->data_size != 2 * sizeof *pair) {
        sld_tf_unsupported(node, "a %s that is not constant", what);
        return false;
    }
    memcpy(pair, value->data, 2 * sizeof *pair);
    return true;
}

void sld_tf_scale_and_translate(sld_tf_node *node, int told)
{
    (void)told;
    sld_tf_tensor *t = sld_tf_in(node, 0);
    sld_value *x = sld_tf_cast(node, SOLDER_F32, sld_tf_first(node, t)), *turn[2] = {NULL, NULL};
    int64_t sizes[2] = {0};
    float scale[2], translation[2];
    size_t count = sld_tf_constant_ints(node, 1, "size", sizes, 2);
    int kind = sld_tf_choice(node, "kernel_type", kernels, SLD_ARRAY_LENGTH(kernels), LANCZOS3);
    bool antialias = sld_tf_bool(node, "antialias", true);
    if (!known_pair(node, 2, "scale", scale) || !known_pair(node, 3, "translation", translation)) {
        return;
    }
    if (count != 2 || x->shape.rank != 4) {
        sld_tf_fail(node, SOLDER_ERROR_DATA, "%zu sizes for an input of rank %d", count,
                    x->shape.rank);
    }
    for (int i = 0; i < 2 && sld_tf_ok(node); i++) {
        axis_rule r = {kind, antialias, 0, sizes[i], scale[i], translation[i]};
        if (!sld_tf_dim(node, t, i + 1, &r.in)) {
            sld_tf_unsupported(node, "an open height or width");
        }
        turn[i] = weights(node, &r);
    }
    const sld_matmul_params rows = {.alpha = 1, .beta = 1};
    const sld_matmul_params columns = {.trans_b = 1, .alpha = 1, .beta = 1};
    x = sld_tf_emit(node, SLD_OP_MATMUL, &columns, (sld_value *[]){x, turn[1]}, 2);
    x = sld_tf_emit(node, SLD_OP_MATMUL, &rows, (sld_value *[]){turn[0], x}, 2);
    sld_tf_set_first(node, 0, x);
}
