/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Einsum as matrix products, operand after operand. A label twice in one operand is its diagonal; a
 * label that nothing else reads is summed at once; then two operands become one:
 *
 *     a -> [batches, rows, summed]    b -> [batches, summed, columns]    product
 *
 * Labels in both are batches if they are read later, else summed; the others are rows (of a) and
 * columns (of b). An ellipsis is labels of its own, counted from its end.
 */
#include "import/lower/einsum.h"

#include <stdarg.h>
#include <stdio.h>

#include "kernels/params.h"

typedef struct labels {
    char name[SOLDER_MAX_RANK];
    int count;
} labels;

typedef struct operand {
    labels l;
    sld_value *x;
} operand;

typedef struct equation {
    sld_einsum *e;
    sld_expr_table *exprs;
    operand operands[SLD_EINSUM_OPERANDS];
    uint32_t count;
    labels out;
} equation;

static bool SLD_PRINTF(3, 4) wrong(const equation *q, bool unsupported, const char *format, ...)
{
    va_list args;
    if (q->e->problem[0] == '\0') {
        va_start(args, format);
        (void)vsnprintf(q->e->problem, sizeof q->e->problem, format, args);
        va_end(args);
        q->e->unsupported = unsupported;
    }
    return false;
}

static int position(const labels *l, char label)
{
    for (int i = 0; i < l->count; i++) {
        if (l->name[i] == label) {
            return i;
        }
    }
    return -1;
}

static void append(labels *l, char label)
{
    l->name[l->count++] = label;
}

/* ---- reading ---- */

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Labels from text to end, dots of them for an ellipsis. */
static bool read_labels(const equation *q, const char *text, const char *end, int dots, labels *l)
{
    l->count = 0;
    for (const char *p = text; p < end; p++) {
        bool ellipsis = end - p >= 3 && memcmp(p, "...", 3) == 0;
        int more = ellipsis ? dots : 1;
        if (*p == ' ') {
            continue;
        }
        if (!ellipsis && !is_letter(*p)) {
            return wrong(q, false, "its equation has a '%c'", *p < ' ' || *p > '~' ? '?' : *p);
        }
        if (l->count + more > SOLDER_MAX_RANK) {
            return wrong(q, true, "more than %d dimensions", SOLDER_MAX_RANK);
        }
        for (int i = more; i > 0; i--) {
            append(l, ellipsis ? (char)i : *p);
        }
        p += ellipsis ? 2 : 0;
    }
    return true;
}

/* The dimensions an ellipsis in the operand stands for; 0 without one. */
static bool count_dots(const equation *q, const char *text, const char *end, int rank, int *dots)
{
    int letters = 0, points = 0;
    for (const char *p = text; p < end; p++) {
        letters += is_letter(*p);
        points += *p == '.';
    }
    *dots = points == 0 ? 0 : rank - letters;
    if ((points != 0 && points != 3) || *dots < 0 || letters + *dots != rank) {
        return wrong(q, false, "its equation does not fit an input of rank %d", rank);
    }
    return true;
}

/* Without "->": the ellipsis, then what stands once in all operands, sorted. */
static bool imply_output(equation *q, int dots)
{
    for (int i = dots; i > 0; i--) {
        append(&q->out, (char)i);
    }
    for (char c = 'A'; c <= 'z'; c++) {
        int seen = 0;
        for (uint32_t i = 0; i < q->count; i++) {
            for (int j = 0; j < q->operands[i].l.count; j++) {
                seen += q->operands[i].l.name[j] == c;
            }
        }
        if (seen == 1 && q->out.count == SOLDER_MAX_RANK) {
            return wrong(q, true, "more than %d dimensions", SOLDER_MAX_RANK);
        }
        if (seen == 1) {
            append(&q->out, c);
        }
    }
    return true;
}

static bool check_output(const equation *q)
{
    for (int i = 0; i < q->out.count; i++) {
        bool known = false;
        for (uint32_t j = 0; j < q->count; j++) {
            known = known || position(&q->operands[j].l, q->out.name[i]) >= 0;
        }
        if (!known || position(&q->out, q->out.name[i]) != i) {
            return wrong(q, false, "a label of its result stands %s",
                         known ? "there twice" : "in no input");
        }
    }
    return true;
}

/* "ij,jk->ik" */
static bool read_equation(equation *q, const char *text, size_t length)
{
    const char *end = text + length, *arrow = end;
    int most = 0;
    for (const char *p = text; p + 1 < end && arrow == end; p++) {
        arrow = p[0] == '-' && p[1] == '>' ? p : end;
    }
    const char *p = text;
    for (uint32_t i = 0; i < q->count; i++) {
        const char *comma = p;
        int dots;
        while (comma < arrow && *comma != ',') {
            comma++;
        }
        if ((comma == arrow) != (i + 1 == q->count)) {
            return wrong(q, false, "its equation is not for %u inputs", (unsigned)q->count);
        }
        if (!count_dots(q, p, comma, q->operands[i].x->shape.rank, &dots) ||
            !read_labels(q, p, comma, dots, &q->operands[i].l)) {
            return false;
        }
        most = dots > most ? dots : most;
        p = comma + 1;
    }
    return (arrow == end ? imply_output(q, most) : read_labels(q, arrow + 2, end, most, &q->out)) &&
           check_output(q);
}

/* ---- one operand ---- */

static sld_value *emit(const equation *q, sld_op op, const void *params, sld_value *x)
{
    return x == NULL ? NULL : q->e->emit(q->e->user, op, params, &x, 1);
}

static sld_value *transpose(const equation *q, sld_value *x, const int32_t *perm, int rank)
{
    sld_transpose_params params = {{0}};
    bool moves = false;
    for (int i = 0; i < rank; i++) {
        params.perm[i] = perm[i];
        moves = moves || perm[i] != i;
    }
    return moves ? emit(q, SLD_OP_TRANSPOSE, &params, x) : x;
}

static sld_value *reshape(const equation *q, sld_value *x, const int64_t *dims, int rank)
{
    sld_reshape_params params = {.rank = rank};
    memcpy(params.dims, dims, (size_t)rank * sizeof dims[0]);
    return emit(q, SLD_OP_RESHAPE, &params, x);
}

/* Axes first and second, of one label: [..., d, d] -> [..., d * d] -> every (d + 1)th. */
static bool take_diagonal(equation *q, operand *o, int first, int second)
{
    labels left = {.count = 0};
    int32_t perm[SOLDER_MAX_RANK];
    int64_t dims[SOLDER_MAX_RANK] = {0}, d, other, all; /* 0: kept */
    int rank = o->l.count, at = 0;
    char label = o->l.name[first];
    if (!sld_expr_is_const(q->exprs, o->x->shape.d[first], &d) ||
        !sld_expr_is_const(q->exprs, o->x->shape.d[second], &other) || d == 0) {
        return wrong(q, true, "the diagonal of open or empty dimensions");
    }
    if (d != other || !sld_i64_mul(d, d, &all)) {
        return wrong(q, false, "a diagonal of %lld x %lld", (long long)d, (long long)other);
    }
    for (int i = 0; i < rank; i++) {
        if (i != first && i != second) {
            perm[at++] = i;
            append(&left, o->l.name[i]);
        }
    }
    perm[at] = first;
    perm[at + 1] = second;
    append(&left, label);
    dims[at] = all;
    const sld_slice_params slice = {
        .count = 1, .axes = {at}, .start = {0}, .end = {all}, .step = {d + 1}};
    o->x =
        emit(q, SLD_OP_SLICE, &slice, reshape(q, transpose(q, o->x, perm, rank), dims, rank - 1));
    o->l = left;
    return o->x != NULL;
}

static bool take_diagonals(equation *q, operand *o)
{
    for (int i = 0; i < o->l.count; i++) {
        for (int j = i + 1; j < o->l.count; j++) {
            if (o->l.name[i] == o->l.name[j]) {
                if (!take_diagonal(q, o, i, j)) {
                    return false;
                }
                i = -1; /* once more from the start */
                break;
            }
        }
    }
    return true;
}

/* Is the label in the result, or in an operand from `from` on? */
static bool is_read(const equation *q, char label, uint32_t from)
{
    bool read = position(&q->out, label) >= 0;
    for (uint32_t i = from; i < q->count && !read; i++) {
        read = position(&q->operands[i].l, label) >= 0;
    }
    return read;
}

/* Sums over the labels of o that stand neither in other (NULL: none) nor are read later. */
static void sum_alone(equation *q, operand *o, const operand *other, uint32_t from)
{
    labels kept = {.count = 0};
    sld_reduce_params params = {.kind = SLD_REDUCE_SUM, .scale = 1};
    for (int i = 0; i < o->l.count; i++) {
        if ((other != NULL && position(&other->l, o->l.name[i]) >= 0) ||
            is_read(q, o->l.name[i], from)) {
            append(&kept, o->l.name[i]);
        } else {
            params.axes |= (uint32_t)1 << i;
        }
    }
    o->l = kept;
    o->x = params.axes != 0 ? emit(q, SLD_OP_REDUCE, &params, o->x) : o->x;
}

/* ---- two operands ---- */

typedef struct groups {
    labels batches, rows, summed, columns;
} groups;

/* Product of the dims of some labels of o, -1 if one is open. */
static int64_t extent(const equation *q, const operand *o, const char *names, int count)
{
    int64_t product = 1, dim;
    for (int i = 0; i < count; i++) {
        if (!sld_expr_is_const(q->exprs, o->x->shape.d[position(&o->l, names[i])], &dim) ||
            !sld_i64_mul(product, dim, &product)) {
            return -1;
        }
    }
    return product;
}

/* o as [batches, second, third]. */
static sld_value *arrange(const equation *q, const operand *o, const groups *g,
                          const labels *second, const labels *third)
{
    const labels *const parts[2] = {second, third};
    int32_t perm[SOLDER_MAX_RANK] = {0};
    int64_t dims[SOLDER_MAX_RANK] = {0}; /* 0: batches keep theirs */
    int at = 0, batches = g->batches.count;
    for (int i = 0; i < batches; i++) {
        perm[at++] = position(&o->l, g->batches.name[i]);
    }
    for (int k = 0; k < 2; k++) {
        dims[batches + k] = extent(q, o, parts[k]->name, parts[k]->count);
        for (int i = 0; i < parts[k]->count; i++) {
            perm[at++] = position(&o->l, parts[k]->name[i]);
        }
    }
    sld_value *turned = transpose(q, o->x, perm, o->l.count);
    if (second->count == 1 && third->count == 1) {
        return turned;
    }
    const int64_t *last = dims + batches;
    if ((last[0] < 0 && last[1] < 0) || last[0] == 0 || last[1] == 0) {
        (void)wrong(q, true, "open or empty dimensions");
        return NULL;
    }
    return reshape(q, turned, dims, batches + 2);
}

/* [batches, rows, columns] with every label a dimension again. */
static bool unfold(const equation *q, const groups *g, const operand *a, const operand *b,
                   operand *y)
{
    int64_t dims[SOLDER_MAX_RANK] = {0};
    int open = 0;
    y->l = g->batches;
    for (int i = 0; i < g->rows.count + g->columns.count; i++) {
        bool row = i < g->rows.count;
        char label = row ? g->rows.name[i] : g->columns.name[i - g->rows.count];
        dims[y->l.count] = extent(q, row ? a : b, &label, 1);
        open += dims[y->l.count] < 0;
        append(&y->l, label);
    }
    if (g->rows.count == 1 && g->columns.count == 1) {
        return y->x != NULL;
    }
    if (open > 1) {
        return wrong(q, true, "open dimensions");
    }
    y->x = reshape(q, y->x, dims, y->l.count);
    return y->x != NULL;
}

/* a becomes the product of a and operand number `index`. */
static bool multiply(equation *q, operand *a, uint32_t index)
{
    operand *b = &q->operands[index], y;
    groups g = {.batches = {.count = 0}};
    sum_alone(q, a, b, index + 1);
    sum_alone(q, b, a, index + 1);
    if (a->x == NULL || b->x == NULL) {
        return false;
    }
    for (int i = 0; i < a->l.count; i++) {
        char label = a->l.name[i];
        bool in_b = position(&b->l, label) >= 0;
        append(!in_b ? &g.rows : is_read(q, label, index + 1) ? &g.batches : &g.summed, label);
    }
    for (int i = 0; i < b->l.count; i++) {
        if (position(&a->l, b->l.name[i]) < 0) {
            append(&g.columns, b->l.name[i]);
        }
    }
    if (g.batches.count + 2 > SOLDER_MAX_RANK ||
        g.batches.count + g.rows.count + g.columns.count > SOLDER_MAX_RANK) {
        return wrong(q, true, "more than %d dimensions", SOLDER_MAX_RANK);
    }
    const sld_matmul_params params = {.alpha = 1, .beta = 1};
    sld_value *const in[2] = {arrange(q, a, &g, &g.rows, &g.summed),
                              arrange(q, b, &g, &g.summed, &g.columns)};
    y.x = in[0] == NULL || in[1] == NULL ? NULL
                                         : q->e->emit(q->e->user, SLD_OP_MATMUL, &params, in, 2);
    if (y.x == NULL || !unfold(q, &g, a, b, &y)) {
        return false;
    }
    *a = y;
    return true;
}

/* ---- all of them ---- */

static sld_value *lower(equation *q, const char *text, size_t length)
{
    operand *first = &q->operands[0];
    int32_t perm[SOLDER_MAX_RANK] = {0};
    if (!read_equation(q, text, length)) {
        return NULL;
    }
    for (uint32_t i = 0; i < q->count; i++) {
        if (!take_diagonals(q, &q->operands[i])) {
            return NULL;
        }
    }
    if (q->count == 1) {
        sum_alone(q, first, NULL, 1);
    }
    for (uint32_t i = 1; i < q->count; i++) {
        if (!multiply(q, first, i)) {
            return NULL;
        }
    }
    for (int i = 0; i < q->out.count; i++) {
        perm[i] = position(&first->l, q->out.name[i]);
    }
    return transpose(q, first->x, perm, q->out.count);
}

sld_value *sld_einsum_lower(sld_einsum *e, const char *equation_text, size_t length,
                            sld_value *const *in, uint32_t count)
{
    equation q = {.e = e, .count = count};
    e->problem[0] = '\0';
    if (count < 1 || count > SLD_EINSUM_OPERANDS) {
        (void)wrong(&q, true, "%u operands", (unsigned)count);
        return NULL;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (in[i] == NULL) {
            return NULL;
        }
        q.operands[i].x = in[i];
    }
    q.exprs = &in[0]->graph->exprs;
    return lower(&q, length == 0 ? "" : equation_text, length);
}
