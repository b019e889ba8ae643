/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is left of dropout in a frozen graph: random numbers that change nothing, floor(u + 1) or
 * u >= 0 with u from [0, 1). They are followed as ranges until the result is certain; random
 * numbers that matter are not supported.
 */
#include "import/tensorflow/tf_ops.h"
#include "import/tensorflow/tf_scope.h"

/* Some numbers between low and high, both included. */
typedef struct range {
    double low, high;
} range;

static bool is(const sld_tf_node *node, const char *op)
{
    return strcmp(node->op, op) == 0;
}

static void set_random(sld_tf_node *node, range r, sld_value *dims)
{
    sld_tf_random *random = sld_arena_alloc(&node->tf->arena, sizeof *random);
    sld_tf_tensor *t = sld_arena_alloc(&node->tf->arena, sizeof *t);
    if (random == NULL || t == NULL) {
        node->status = sld_fail_memory(node->tf->diag, sizeof *random);
    } else if (sld_tf_ok(node)) {
        *random = (sld_tf_random){r.low, r.high, dims};
        t->random = random;
        node->out[0] = t;
    }
}

static void set_certain(sld_tf_node *node, solder_dtype dtype, double value, sld_value *dims)
{
    const sld_fill_params params = {.dtype = (int32_t)dtype, .value = value, .integer = value != 0};
    sld_tf_set(node, 0, sld_tf_emit(node, SLD_OP_FILL, &params, &dims, 1));
}

/* The numbers an input may be; false if it has more than one element and is not random. */
static bool range_of(sld_tf_node *node, uint32_t index, range *r, sld_value **dims)
{
    sld_tf_tensor *t = sld_tf_in(node, index);
    if (!sld_tf_ok(node)) {
        return false;
    }
    if (t->random != NULL) {
        *r = (range){t->random->low, t->random->high};
        *dims = *dims == NULL ? t->random->dims : *dims;
        return true;
    }
    const sld_value *value = sld_tf_plain(node, t);
    if (!sld_tf_ok(node) || !sld_value_is_constant(value) || value->dtype != SOLDER_F32 ||
        value->data_size != sizeof(float)) {
        return false;
    }
    r->low = r->high = sld_load_f64(value->dtype, value->data);
    return true;
}

/* volatile: gcc 12 leaves the rounding out where it can do two at a time. */
static double rounded(double x)
{
    volatile float f = (float)x;
    return (double)f;
}

/* a op b as TensorFlow rounds it; all of them are monotonic. False if it is none of these. */
static bool arithmetic(const sld_tf_node *node, range a, range b, range *r)
{
    if (is(node, "Add") || is(node, "AddV2")) {
        *r = (range){rounded(a.low + b.low), rounded(a.high + b.high)};
        return true;
    }
    if (is(node, "Sub")) {
        *r = (range){rounded(a.low - b.high), rounded(a.high - b.low)};
        return true;
    }
    if (is(node, "Mul") && a.low >= 0 && b.low >= 0) {
        *r = (range){rounded(a.low * b.low), rounded(a.high * b.high)};
        return true;
    }
    return false;
}

/* Whether a op b is surely true (1) or surely false (0); -1 if that is not known. */
static int comparison(const sld_tf_node *node, range a, range b)
{
    if (is(node, "GreaterEqual")) {
        return a.low >= b.high ? 1 : a.high < b.low ? 0 : -1;
    }
    if (is(node, "Less")) {
        return a.high < b.low ? 1 : a.low >= b.high ? 0 : -1;
    }
    return -1;
}

void sld_tf_use_random(sld_tf_node *node)
{
    range a, b, r;
    sld_value *dims = NULL;
    if (is(node, "Identity")) {
        node->out[0] = sld_tf_in(node, 0);
    } else if (is(node, "Floor") && range_of(node, 0, &a, &dims) && floor(a.low) == floor(a.high)) {
        set_certain(node, SOLDER_F32, floor(a.low), dims);
    } else if (node->in_count == 2 && range_of(node, 0, &a, &dims) &&
               range_of(node, 1, &b, &dims)) {
        int certain = comparison(node, a, b);
        if (certain >= 0) {
            set_certain(node, SOLDER_BOOL, certain, dims);
        } else if (arithmetic(node, a, b, &r)) {
            set_random(node, r, dims);
        } else {
            sld_tf_unsupported(node, "random numbers");
        }
    } else {
        sld_tf_unsupported(node, "random numbers");
    }
}

void sld_tf_random_uniform(sld_tf_node *node, int told)
{
    (void)told;
    sld_value *dims = sld_tf_cast(node, SOLDER_I64, sld_tf_input(node, 0));
    (void)sld_tf_int(node, "seed", 0);
    (void)sld_tf_int(node, "seed2", 0);
    if (sld_tf_type(node, "dtype", SOLDER_F32) != SOLDER_F32) {
        sld_tf_unsupported(node, "random numbers of another type than f32");
    }
    /* 23 random bits: the largest number below 1 that can come is 1 - 2^-23. */
    set_random(node, (range){0, 1 - 1.0 / (1 << 23)}, dims);
}

/* ---- Switch ---- */

/* Outside of a conditional: the value goes to the side that a known predicate names. */
void sld_tf_switch(sld_tf_node *node, int told)
{
    (void)told;
    sld_tf_tensor *data = sld_tf_in(node, 0);
    const sld_value *side = sld_tf_input(node, 1);
    if (!sld_tf_ok(node)) {
        return;
    }
    if (!sld_value_is_constant(side) || side->dtype != SOLDER_BOOL || side->data_size != 1) {
        sld_tf_unsupported(node, "a side that is not known is read outside of a conditional");
        return;
    }
    node->out[*(const uint8_t *)side->data != 0] = data;
}
