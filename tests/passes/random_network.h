/* SPDX-License-Identifier: Apache-2.0 */
/* Writes the text of a random valid network. Only smooth steps: rounding must not decide results.
 */
#ifndef TESTS_PASSES_RANDOM_NETWORK_H
#define TESTS_PASSES_RANDOM_NETWORK_H

#include "harness.h"

#define MAX_POOL 40

/* A value of shape [N, c, h, w]. */
typedef struct item {
    int id, c, h, w;
} item;

typedef struct generator {
    uint64_t state;
    sld_text text;
    item pool[MAX_POOL];
    int count;
    int next; /* id */
    bool open_batch;
} generator;

static inline int pick(generator *g, int count)
{
    return (int)(next_random(&g->state) % (uint64_t)count);
}

#define EMIT(g, ...) check(sld_text_printf(&(g)->text, __VA_ARGS__))

static inline item add_item(generator *g, int id, int c, int h, int w)
{
    item it = {id, c, h, w};
    if (g->count < MAX_POOL) {
        g->pool[g->count++] = it;
    }
    return it;
}

/* Recent values more often: chains grow, and old ones still branch. */
static inline item any_item(generator *g)
{
    int back = pick(g, 2) == 0 ? 1 : 1 + pick(g, g->count);
    return g->pool[g->count - back];
}

static inline int constant(generator *g, const char *dims)
{
    int id = g->next++;
    EMIT(g, "constant %%k%d f32[%s] random %d\n", id, dims, pick(g, 1000));
    return id;
}

static inline int number(generator *g, double value)
{
    int id = g->next++;
    EMIT(g, "constant %%k%d f32[%s] values [%.9g]\n", id, pick(g, 2) == 0 ? "" : "1", value);
    return id;
}

static inline int channels(generator *g, int c)
{
    char dims[32];
    static const char *const forms[] = {"%d,1,1", "1,%d,1,1"};
    (void)snprintf(dims, sizeof dims, pick(g, 2) == 0 ? forms[0] : forms[1], c);
    return constant(g, dims);
}

/* result = left op right */
static inline int binary(generator *g, const char *kind, const char *left, int a, const char *right,
                         int b)
{
    int id = g->next++;
    EMIT(g, "%%v%d = ElementWise(%%%s%d, %%%s%d) {kind=%s}\n", id, left, a, right, b, kind);
    return id;
}

static inline int unary(generator *g, const char *kind, int a)
{
    int id = g->next++;
    EMIT(g, "%%v%d = Unary(%%v%d) {kind=%s}\n", id, a, kind);
    return id;
}

static inline int activation(generator *g, const char *attributes, int a)
{
    int id = g->next++;
    EMIT(g, "%%v%d = Activation(%%v%d) {%s}\n", id, a, attributes);
    return id;
}

/* Brings a sum over `fan` random weights back to the size of its input. */
static inline int normalised(generator *g, int id, int c, int fan)
{
    double scale = 1 / sqrt(fan / 3.0 + 0.5);
    int k[5];
    char dims[32];
    switch (pick(g, 4)) {
    case 0:
        return binary(g, "prod", "v", id, "k", number(g, scale));
    case 1:
        return binary(g, "div", "v", id, "k", number(g, 1 / scale));
    default:
        break;
    }
    (void)snprintf(dims, sizeof dims, "%d", c);
    for (int i = 0; i < 3; i++) {
        k[i] = constant(g, dims);
    }
    k[3] = g->next++;
    EMIT(g, "constant %%k%d f32[%d] fill %.9g\n", k[3], c, 1 / (scale * scale));
    k[4] = g->next++;
    EMIT(g, "%%v%d = BatchNorm(%%v%d, %%k%d, %%k%d, %%k%d, %%k%d)\n", k[4], id, k[0], k[1], k[2],
         k[3]);
    return k[4];
}

static inline item convolution(generator *g, item x, int filters, int window, int stride, int pad)
{
    int groups = x.c % 2 == 0 && filters % 2 == 0 && pick(g, 4) == 0 ? 2 : 1;
    char dims[64];
    (void)snprintf(dims, sizeof dims, "%d,%d,%d,%d", filters, x.c / groups, window, window);
    int w = constant(g, dims);
    int bias = -1;
    if (pick(g, 2) == 0) {
        (void)snprintf(dims, sizeof dims, "%d", filters);
        bias = constant(g, dims);
    }
    int id = g->next++;
    EMIT(g, "%%v%d = Convolution(%%v%d, %%k%d", id, x.id, w);
    if (bias >= 0) {
        EMIT(g, ", %%k%d", bias);
    }
    EMIT(g, ") {groups=%d, stride=[%d,%d], pad_begin=[%d,%d], pad_end=[%d,%d]}\n", groups, stride,
         stride, pad, pad, pad, pad);
    id = normalised(g, id, filters, x.c / groups * window * window);
    return (item){id, filters, (x.h + 2 * pad - window) / stride + 1,
                  (x.w + 2 * pad - window) / stride + 1};
}

static inline void keep(generator *g, item it)
{
    (void)add_item(g, it.id, it.c, it.h, it.w);
}

static inline void step_convolution(generator *g)
{
    item x = any_item(g);
    int window = x.h >= 3 && x.w >= 3 && pick(g, 2) == 0 ? 3 : 1;
    int pad = window == 3 ? pick(g, 2) : 0;
    int stride = x.h > 3 && x.w > 3 ? 1 + pick(g, 2) : 1;
    keep(g, convolution(g, x, 1 + pick(g, 6), window, stride, pad));
}

static inline void step_siblings(generator *g)
{
    item x = any_item(g);
    int count = 2 + pick(g, 2);
    int ids[4];
    int total = 0;
    for (int i = 0; i < count; i++) {
        item y = convolution(g, x, 1 + pick(g, 4), 1, 1, 0);
        ids[i] = y.id;
        total += y.c;
        if (pick(g, 2) == 0) {
            keep(g, y);
        }
    }
    if (pick(g, 2) == 0) {
        int id = g->next++;
        EMIT(g, "%%v%d = Concat(", id);
        for (int i = 0; i < count; i++) {
            EMIT(g, "%s%%v%d", i == 0 ? "" : ", ", ids[i]);
        }
        EMIT(g, ") {axis=1}\n");
        keep(g, (item){id, total, x.h, x.w});
    }
}

static inline void step_deconvolution(generator *g)
{
    item x = any_item(g);
    char dims[64];
    int filters = 1 + pick(g, 4);
    int groups = x.c % 2 == 0 && pick(g, 3) == 0 ? 2 : 1;
    (void)snprintf(dims, sizeof dims, "%d,%d,2,2", x.c, filters);
    int w = constant(g, dims);
    int id = g->next++;
    if (x.h > 8 || x.w > 8) {
        return;
    }
    EMIT(g, "%%v%d = Deconvolution(%%v%d, %%k%d) {groups=%d, stride=[2,2]}\n", id, x.id, w, groups);
    id = normalised(g, id, filters * groups, x.c / groups);
    keep(g, (item){id, filters * groups, x.h * 2, x.w * 2});
}

static inline void step_activation(generator *g)
{
    static const char *const kinds[] = {"kind=relu",
                                        "kind=leaky_relu, alpha=0.1",
                                        "kind=sigmoid",
                                        "kind=tanh",
                                        "kind=clip, alpha=0, beta=6",
                                        "kind=elu, alpha=1",
                                        "kind=hard_swish, alpha=0.2, beta=0.5",
                                        "kind=softplus"};
    item x = any_item(g);
    x.id = activation(g, kinds[pick(g, 8)], x.id);
    keep(g, x);
}

/* Spelled-out activations. */
static inline void step_formula(generator *g)
{
    item x = any_item(g);
    int a;
    int b;
    switch (pick(g, 6)) {
    case 0: /* swish */
        x.id = binary(g, "prod", "v", x.id, "v", activation(g, "kind=sigmoid", x.id));
        break;
    case 1: /* hard swish */
        a = binary(g, "sum", "v", x.id, "k", number(g, 3));
        a = activation(g, "kind=clip, alpha=0, beta=6", a);
        a = binary(g, "div", "v", a, "k", number(g, 6));
        x.id = binary(g, "prod", "v", a, "v", x.id);
        break;
    case 2: /* GELU */
        a = binary(g, "div", "v", x.id, "k", number(g, 1.41421356));
        a = binary(g, "sum", "v", unary(g, "erf", a), "k", number(g, 1));
        b = binary(g, "prod", "v", x.id, "k", number(g, 0.5));
        x.id = binary(g, "prod", "v", a, "v", b);
        break;
    case 3: /* mish */
        a = activation(g, "kind=tanh", activation(g, "kind=softplus", x.id));
        x.id = binary(g, "prod", "v", x.id, "v", a);
        break;
    case 4: /* GELU by tanh */
        a = binary(g, "pow", "v", x.id, "k", number(g, 3));
        a = binary(g, "sum", "v", binary(g, "prod", "v", a, "k", number(g, 0.044715)), "v", x.id);
        a = binary(g, "prod", "v", a, "k", number(g, 0.797884561));
        a = binary(g, "sum", "v", activation(g, "kind=tanh", a), "k", number(g, 1));
        a = binary(g, "prod", "v", a, "k", number(g, 0.5));
        x.id = binary(g, "prod", "v", x.id, "v", a);
        break;
    default: /* 1 / (1 + exp(-x)) */
        a = binary(g, "sum", "v", unary(g, "exp", unary(g, "neg", x.id)), "k", number(g, 1));
        x.id = unary(g, "recip", a);
        break;
    }
    keep(g, x);
}

static inline int reduce(generator *g, const char *kind, int axis, int a)
{
    int id = g->next++;
    EMIT(g, "%%v%d = Reduce(%%v%d) {kind=%s, axes=[%d]}\n", id, a, kind, axis);
    return id;
}

static inline void step_statistics(generator *g)
{
    item x = any_item(g);
    int axis = 1 + pick(g, 3);
    int a;
    int b;
    if (pick(g, 2) == 0) { /* softmax */
        a = binary(g, "sub", "v", x.id, "v", reduce(g, "max", axis, x.id));
        a = unary(g, "exp", a);
        x.id = binary(g, "div", "v", a, "v", reduce(g, "sum", axis, a));
    } else { /* layer norm */
        a = binary(g, "sub", "v", x.id, "v", reduce(g, "mean", axis, x.id));
        b = reduce(g, "mean", axis, unary(g, "square", a));
        b = unary(g, "sqrt", binary(g, "sum", "v", b, "k", number(g, 0.25)));
        x.id = binary(g, "div", "v", a, "v", b);
        x.id = binary(g, "prod", "v", x.id, "k", channels(g, x.c));
        x.id = binary(g, "sum", "v", x.id, "k", channels(g, x.c));
    }
    keep(g, x);
}

static inline void step_arithmetic(generator *g)
{
    static const char *const kinds[] = {"sum", "prod", "sub", "max"};
    item x = any_item(g);
    int steps = 1 + pick(g, 3);
    for (int i = 0; i < steps; i++) {
        int k = pick(g, 2) == 0 ? number(g, pick(g, 4) * 0.5) : channels(g, x.c);
        bool swap = pick(g, 4) == 0;
        x.id = swap ? binary(g, kinds[pick(g, 4)], "k", k, "v", x.id)
                    : binary(g, kinds[pick(g, 4)], "v", x.id, "k", k);
    }
    keep(g, x);
}

/* x + f(x), or two branches of one shape. */
static inline void step_residual(generator *g)
{
    item x = any_item(g);
    item y = convolution(g, x, x.c, 1, 1, 0);
    item z = pick(g, 2) == 0 ? convolution(g, x, x.c, 1, 1, 0) : x;
    int id = pick(g, 2) == 0 ? binary(g, "sum", "v", y.id, "v", z.id)
                             : binary(g, "sum", "v", z.id, "v", y.id);
    x.id = pick(g, 2) == 0 ? activation(g, "kind=relu", id) : id;
    keep(g, x);
}

static inline void step_concat(generator *g)
{
    item x = any_item(g);
    int parts[4] = {x.id};
    int count = 1;
    int axis = 1 + pick(g, 3);
    item sum = x;
    for (int tries = 0; tries < 8 && count < 4; tries++) {
        item y = any_item(g);
        if ((axis == 1 || y.c == x.c) && (axis == 2 || y.h == x.h) && (axis == 3 || y.w == x.w)) {
            parts[count++] = y.id;
            sum.c += axis == 1 ? y.c : 0;
            sum.h += axis == 2 ? y.h : 0;
            sum.w += axis == 3 ? y.w : 0;
        }
    }
    if (sum.c > 24 || sum.h > 24 || sum.w > 24) {
        return;
    }
    sum.id = g->next++;
    EMIT(g, "%%v%d = Concat(", sum.id);
    for (int i = 0; i < count; i++) {
        EMIT(g, "%s%%v%d", i == 0 ? "" : ", ", parts[i]);
    }
    EMIT(g, ") {axis=%d}\n", axis);
    keep(g, sum);
}

static inline void step_slice(generator *g)
{
    item x = any_item(g);
    int axis = 1 + pick(g, 3);
    int *extent = axis == 1 ? &x.c : axis == 2 ? &x.h : &x.w;
    int start = pick(g, *extent);
    int step = 1 + pick(g, 4) / 3;
    int end = start + 1 + pick(g, *extent - start);
    int id = g->next++;
    EMIT(g, "%%v%d = Slice(%%v%d) {axes=[%d], start=[%d], end=[%d], step=[%d]}\n", id, x.id, axis,
         start - (pick(g, 3) == 0 ? *extent : 0), end, step);
    *extent = (end - start + step - 1) / step;
    x.id = id;
    keep(g, x);
}

static inline void step_transpose(generator *g)
{
    item x = any_item(g);
    int a = g->next++;
    int b = g->next++;
    EMIT(g, "%%v%d = Transpose(%%v%d) {perm=[0,2,3,1]}\n", a, x.id);
    EMIT(g, "%%v%d = Transpose(%%v%d) {perm=[0,3,1,2]}\n", b,
         pick(g, 2) == 0 ? unary(g, "neg", a) : a);
    x.id = b;
    keep(g, x);
    if (pick(g, 2) == 0) {
        int c = g->next++;
        EMIT(g, "%%v%d = Transpose(%%v%d) {perm=[0,1,3,2]}\n", c, x.id);
        keep(g, (item){c, x.c, x.w, x.h});
    }
}

static inline void step_reshape(generator *g)
{
    item x = any_item(g);
    int a = g->next++;
    int b = g->next++;
    if (pick(g, 2) == 0) {
        EMIT(g, "%%v%d = Reshape(%%v%d) {dims=[0,-1]}\n", a, x.id);
        if (pick(g, 2) == 0) {
            a = unary(g, "neg", a);
        }
        EMIT(g, "%%v%d = Reshape(%%v%d) {dims=[-1,%d,%d,%d]}\n", b, a, x.h, x.c, x.w);
        keep(g, (item){b, x.h, x.c, x.w});
    } else { /* through the shape of a tensor */
        EMIT(g, "%%v%d = Shape(%%v%d) {end=1}\n", a, x.id);
        int k = g->next++;
        EMIT(g, "constant %%k%d i64[3] values [%d, %d, 1]\n", k, x.c, x.h * x.w);
        EMIT(g, "%%v%d = Concat(%%v%d, %%k%d)\n", b, a, k);
        int c = g->next++;
        EMIT(g, "%%v%d = Reshape(%%v%d, %%v%d)\n", c, x.id, b);
        if (x.h * x.w <= 24) {
            keep(g, (item){c, x.c, x.h * x.w, 1});
        }
    }
}

static inline void step_pooling(generator *g)
{
    item x = any_item(g);
    if (x.h < 2 || x.w < 2) {
        return;
    }
    int id = g->next++;
    EMIT(g, "%%v%d = Pooling(%%v%d) {kind=%s, window=[2,2], stride=[2,2]}\n", id, x.id,
         pick(g, 2) == 0 ? "max" : "average");
    keep(g, (item){id, x.c, x.h / 2, x.w / 2});
}

/* Constants of constants. */
static inline void step_constants(generator *g)
{
    item x = any_item(g);
    int a = channels(g, x.c);
    int b = channels(g, x.c);
    x.id = binary(g, "sum", "v", x.id, "v", binary(g, "prod", "k", a, "k", b));
    keep(g, x);
}

static inline void step_matmul(generator *g)
{
    item x = any_item(g);
    char dims[32];
    int features = 1 + pick(g, 6);
    bool transposed = pick(g, 2) == 0;
    (void)snprintf(dims, sizeof dims, transposed ? "%d,%d" : "%.0d%d,%d", transposed ? features : 0,
                   x.w, features);
    if (transposed) {
        (void)snprintf(dims, sizeof dims, "%d,%d", features, x.w);
    }
    int w = constant(g, dims);
    int id = g->next++;
    EMIT(g, "%%v%d = MatMul(%%v%d, %%k%d) {trans_b=%s}\n", id, x.id, w,
         transposed ? "true" : "false");
    if (pick(g, 2) == 0) {
        (void)snprintf(dims, sizeof dims, "%d", features);
        id = binary(g, "sum", "v", id, "k", constant(g, dims));
    }
    id = binary(g, "prod", "v", id, "k", number(g, 1 / sqrt(x.w / 3.0 + 0.5)));
    if (pick(g, 2) == 0) {
        id = activation(g, "kind=relu", id);
    }
    keep(g, (item){id, x.c, x.h, features});
}

/* The caller frees the text. */
static inline sld_text random_network(uint64_t seed)
{
    static void (*const steps[])(generator *) = {
        step_convolution, step_convolution, step_convolution, step_siblings,   step_deconvolution,
        step_activation,  step_activation,  step_formula,     step_statistics, step_arithmetic,
        step_arithmetic,  step_residual,    step_residual,    step_concat,     step_concat,
        step_slice,       step_transpose,   step_reshape,     step_pooling,    step_constants,
        step_matmul};
    generator g = {.state = seed};
    g.open_batch = pick(&g, 2) == 0;
    const char *batch = g.open_batch ? "N" : pick(&g, 3) == 0 ? "2" : "1";
    EMIT(&g, "network \"random %llu\"\nsymbol N 1..2..4\n", (unsigned long long)seed);
    int inputs = 1 + pick(&g, 2);
    for (int i = 0; i < inputs; i++) {
        item x = add_item(&g, g.next++, 1 + pick(&g, 4), 1 + pick(&g, 8), 1 + pick(&g, 8));
        EMIT(&g, "input %%v%d f32[%s,%d,%d,%d]\n", x.id, batch, x.c, x.h, x.w);
    }
    int length = 3 + pick(&g, 14);
    for (int i = 0; i < length && g.count < MAX_POOL; i++) {
        steps[pick(&g, (int)SLD_ARRAY_LENGTH(steps))](&g);
    }
    /* The last value is an output, and a few more are. */
    uint64_t marked = 0;
    for (int i = inputs; i < g.count; i++) {
        uint64_t bit = UINT64_C(1) << (g.pool[i].id % 64);
        if ((i == g.count - 1 || pick(&g, 6) == 0) && (marked & bit) == 0) {
            EMIT(&g, "output %%v%d\n", g.pool[i].id);
            marked |= bit;
        }
    }
    return g.text;
}

#endif
