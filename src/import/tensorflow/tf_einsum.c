/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Einsum of two operands as one matrix product: labels in both and in the result are batches,
 * labels in both alone are summed over, the others are rows (of a) and columns (of b). What stands
 * in one operand alone is summed first. An ellipsis is labels of its own, counted from its end.
 *
 *     a -> [batches, rows, summed]    b -> [batches, summed, columns]    product -> result's order
 */
#include "import/tensorflow/tf_ops.h"

typedef struct labels {
    char name[SOLDER_MAX_RANK];
    int count;
} labels;

static int position(const labels *l, char label)
{
    for (int i = 0; i < l->count; i++) {
        if (l->name[i] == label) {
            return i;
        }
    }
    return -1;
}

/* Labels up to a comma, "->" or the end; false on anything else, or a label twice. rank says how
 * many an ellipsis is; -1: as many as `dots`. */
static bool read_labels(const char **text, const char *end, int rank, int *dots, labels *l)
{
    const char *p = *text, *stop = p;
    int letters = 0;
    for (; stop < end && *stop != ',' && *stop != '-'; stop++) {
        letters += *stop != '.';
    }
    for (l->count = 0; p < stop; p++) {
        bool letter = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z');
        if (stop - p >= 3 && memcmp(p, "...", 3) == 0) {
            *dots = rank < 0 ? *dots : rank - letters;
            for (int i = *dots; i > 0 && l->count < SOLDER_MAX_RANK; i--) {
                l->name[l->count++] = (char)i;
            }
            p += 2;
        } else if (!letter || l->count == SOLDER_MAX_RANK || position(l, *p) >= 0) {
            return false;
        } else {
            l->name[l->count++] = *p;
        }
    }
    *text = p;
    return true;
}

typedef struct equation {
    labels a, b, out;
    labels batches, rows, summed, columns;
} equation;

/* a and b, or a alone, of these ranks. */
static bool parse(sld_tf_bytes bytes, const int ranks[2], uint32_t operands, equation *e)
{
    const char *p = (const char *)bytes.data, *end = p + bytes.size;
    int dots = 0, more = 0;
    if (!read_labels(&p, end, ranks[0], &dots, &e->a)) {
        return false;
    }
    if (operands == 2 &&
        (p == end || *p++ != ',' || !read_labels(&p, end, ranks[1], &more, &e->b))) {
        return false;
    }
    if (end - p < 2 || p[0] != '-' || p[1] != '>') {
        return false;
    }
    p += 2;
    dots = dots > more ? dots : more;
    return read_labels(&p, end, -1, &dots, &e->out) && p == end;
}

static void append(labels *l, char label)
{
    l->name[l->count++] = label;
}

/* False if the result has a label that no operand has. */
static bool classify(equation *e)
{
    int used = 0;
    for (int i = 0; i < e->a.count; i++) {
        char label = e->a.name[i];
        bool in_b = position(&e->b, label) >= 0, in_out = position(&e->out, label) >= 0;
        append(!in_b ? &e->rows : in_out ? &e->batches : &e->summed, label);
        used += in_out;
    }
    for (int i = 0; i < e->b.count; i++) {
        char label = e->b.name[i];
        if (position(&e->a, label) < 0) {
            append(&e->columns, label);
            used++;
        }
    }
    return used == e->out.count && e->batches.count + 2 <= SOLDER_MAX_RANK;
}

/* Sums over the labels of x that stand nowhere else. */
static sld_value *sum_alone(sld_tf_node *node, sld_value *x, labels *l, const labels *other,
                            const labels *out)
{
    labels kept = {.count = 0};
    uint32_t axes = 0;
    for (int i = 0; i < l->count; i++) {
        if (position(other, l->name[i]) >= 0 || position(out, l->name[i]) >= 0) {
            append(&kept, l->name[i]);
        } else {
            axes |= (uint32_t)1 << i;
        }
    }
    *l = kept;
    return axes != 0 ? sld_tf_reduce(node, SLD_REDUCE_SUM, axes, x) : x;
}

/* Product of the dims of a group, -1 if one is open. */
static int64_t extent(sld_tf_node *node, const sld_value *x, const labels *of, const labels *group)
{
    int64_t product = 1, dim;
    for (int i = 0; i < group->count; i++) {
        const sld_dim d = x->shape.d[position(of, group->name[i])];
        if (!sld_expr_is_const(&node->tf->graph->exprs, d, &dim) ||
            !sld_i64_mul(product, dim, &product)) {
            return -1;
        }
    }
    return product;
}

/* x as [batches, second, third]. */
static sld_value *arrange(sld_tf_node *node, sld_value *x, const labels *of, const equation *e,
                          const labels *const groups[2])
{
    int32_t perm[SOLDER_MAX_RANK] = {0};
    int64_t dims[SOLDER_MAX_RANK] = {0}; /* 0: batches keep theirs */
    int at = 0;
    if (!sld_tf_ok(node)) {
        return NULL;
    }
    for (int i = 0; i < e->batches.count; i++) {
        perm[at++] = position(of, e->batches.name[i]);
    }
    for (int g = 0; g < 2; g++) {
        dims[e->batches.count + g] = extent(node, x, of, groups[g]);
        for (int i = 0; i < groups[g]->count; i++) {
            perm[at++] = position(of, groups[g]->name[i]);
        }
    }
    const int64_t *last = dims + e->batches.count;
    sld_value *turned = sld_tf_transpose(node, perm, x);
    if (groups[0]->count == 1 && groups[1]->count == 1) {
        return turned;
    }
    if ((last[0] < 0 && last[1] < 0) || last[0] == 0 || last[1] == 0) {
        sld_tf_unsupported(node, "open or empty dimensions");
        return NULL;
    }
    return sld_tf_reshape(node, dims, e->batches.count + 2, turned);
}

/* [batches, rows, columns] with every label a dimension again, in the order of the result. */
static sld_value *unfold(sld_tf_node *node, sld_value *y, const equation *e, const sld_value *a,
                         const sld_value *b)
{
    labels order = e->batches;
    int64_t dims[SOLDER_MAX_RANK] = {0};
    int32_t perm[SOLDER_MAX_RANK] = {0};
    int open = 0;
    if (!sld_tf_ok(node)) {
        return NULL;
    }
    for (int i = 0; i < e->rows.count + e->columns.count; i++) {
        bool row = i < e->rows.count;
        labels one = {.count = 1};
        one.name[0] = row ? e->rows.name[i] : e->columns.name[i - e->rows.count];
        int64_t dim = extent(node, row ? a : b, row ? &e->a : &e->b, &one);
        open += dim < 0;
        dims[order.count] = dim;
        append(&order, one.name[0]);
    }
    if (e->rows.count != 1 || e->columns.count != 1) {
        if (open > 1) {
            sld_tf_unsupported(node, "open dimensions");
            return NULL;
        }
        y = sld_tf_reshape(node, dims, order.count, y);
    }
    for (int i = 0; i < e->out.count; i++) {
        perm[i] = position(&order, e->out.name[i]);
    }
    return sld_tf_transpose(node, perm, y);
}

static void one_operand(sld_tf_node *node, equation *e, sld_value *a)
{
    int32_t perm[SOLDER_MAX_RANK] = {0};
    a = sum_alone(node, a, &e->a, &e->out, &e->out);
    for (int i = 0; i < e->out.count; i++) {
        perm[i] = position(&e->a, e->out.name[i]);
    }
    if (e->out.count != e->a.count) {
        sld_tf_unsupported(node, "a result with labels of its own");
        return;
    }
    sld_tf_set(node, 0, sld_tf_transpose(node, perm, a));
}

void sld_tf_einsum(sld_tf_node *node, int told)
{
    (void)told;
    const sld_tf_attr *attr = sld_tf_attribute(node, "equation", SLD_TF_STRING);
    equation e = {.a = {.count = 0}};
    if (attr == NULL || node->in_count < 1 || node->in_count > 2) {
        sld_tf_unsupported(node, "%u operands", (unsigned)node->in_count);
        return;
    }
    sld_value *a = sld_tf_input(node, 0);
    sld_value *b = node->in_count == 2 ? sld_tf_input(node, 1) : NULL;
    if (!sld_tf_ok(node)) {
        return;
    }
    const int ranks[2] = {a->shape.rank, b != NULL ? b->shape.rank : 0};
    if (!parse(attr->bytes, ranks, node->in_count, &e)) {
        sld_tf_unsupported(node, "an equation that is no product of two matrices");
        return;
    }
    if (e.a.count != ranks[0] || (b != NULL && e.b.count != ranks[1])) {
        sld_tf_fail(node, SOLDER_ERROR_DATA, "the inputs have rank %d and %d", ranks[0], ranks[1]);
        return;
    }
    if (b == NULL) {
        one_operand(node, &e, a);
        return;
    }
    a = sum_alone(node, a, &e.a, &e.b, &e.out);
    b = sum_alone(node, b, &e.b, &e.a, &e.out);
    if (!classify(&e)) {
        sld_tf_unsupported(node, "an equation that is no product of two matrices");
        return;
    }
    const sld_matmul_params params = {.alpha = 1, .beta = 1};
    sld_value *x = arrange(node, a, &e.a, &e, (const labels *const[]){&e.rows, &e.summed});
    sld_value *w = arrange(node, b, &e.b, &e, (const labels *const[]){&e.summed, &e.columns});
    sld_value *y = sld_tf_emit(node, SLD_OP_MATMUL, &params, (sld_value *[]){x, w}, 2);
    sld_tf_set(node, 0, unfold(node, y, &e, a, b));
}
