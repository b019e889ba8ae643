/* SPDX-License-Identifier: Apache-2.0 */
/* Taking apart and putting together. */
#include "import/tensorflow/tf_ops.h"

/* ---- joining ---- */

void sld_tf_pack(sld_tf_node *node, int told)
{
    (void)told;
    int rank = sld_tf_rank(sld_tf_in(node, 0)) + 1;
    int64_t given = sld_tf_int(node, "axis", 0);
    sld_value **in = sld_arena_array(&node->tf->arena, node->in_count, sizeof *in);
    if (in == NULL) {
        node->status = sld_fail_memory(node->tf->diag, node->in_count);
        return;
    }
    int axis = sld_tf_axis(node, given, rank);
    for (uint32_t i = 0; i < node->in_count && sld_tf_ok(node); i++) {
        sld_value *part = sld_tf_input(node, i);
        if (sld_tf_ok(node) && part->shape.rank != rank - 1) {
            sld_tf_fail(node, SOLDER_ERROR_DATA, "input %u has rank %d, the first %d", (unsigned)i,
                        part->shape.rank, rank - 1);
        }
        in[i] = sld_tf_unsqueeze(node, part, axis, 1);
    }
    node->in_read = UINT64_MAX;
    sld_tf_set(node, 0, sld_tf_concat(node, in, node->in_count, axis));
}

/* Where the axis stands: ConcatV2 has it last, Concat first. */
void sld_tf_concats(sld_tf_node *node, int axis_last)
{
    if (node->in_count < 2) {
        sld_tf_fail(node, SOLDER_ERROR_DATA, "%u inputs", (unsigned)node->in_count);
        return;
    }
    uint32_t count = node->in_count - 1, begin = axis_last ? 0 : 1;
    int64_t given = sld_tf_constant_int(node, axis_last ? count : 0, "axis");
    int rank = sld_tf_rank(sld_tf_in(node, begin));
    int axis = sld_tf_axis(node, given, rank);
    sld_value **in = sld_arena_array(&node->tf->arena, count, sizeof *in);
    if (in == NULL) {
        node->status = sld_fail_memory(node->tf->diag, count);
        return;
    }
    bool first = false;
    for (uint32_t i = 0; i < count; i++) {
        first = first || sld_tf_in(node, begin + i)->first != NULL;
    }
    for (uint32_t i = 0; i < count; i++) {
        sld_tf_tensor *t = sld_tf_in(node, begin + i);
        in[i] = first ? sld_tf_first(node, t) : sld_tf_plain(node, t);
    }
    node->in_read = UINT64_MAX;
    axis = first ? sld_tf_first_axis(axis, rank) : axis;
    sld_tf_set_form(node, 0, sld_tf_concat(node, in, count, axis), first);
}

/* ---- splitting ---- */

/* The value to cut and the axis there. */
static sld_value *to_cut(sld_tf_node *node, sld_tf_tensor *t, int *axis, bool *first)
{
    *first = t->first != NULL;
    if (*first) {
        *axis = sld_tf_first_axis(*axis, sld_tf_rank(t));
        return sld_tf_first(node, t);
    }
    return sld_tf_plain(node, t);
}

/* Bounds are multiples of the dimension's share, which only its value gives. */
static void split_open(sld_tf_node *node, sld_tf_tensor *t, int axis, int64_t parts)
{
    bool first;
    sld_value *x = to_cut(node, t, &axis, &first);
    const sld_shape_params one = {.start = axis, .end = axis + 1};
    int64_t at = axis;
    sld_value *extent = sld_tf_emit(node, SLD_OP_SHAPE, &one, &x, 1);
    sld_value *share = sld_tf_binary(node, SLD_BINARY_DIV, extent, sld_tf_vector(node, &parts, 1));
    sld_tf_outputs(node, parts);
    for (int64_t i = 0; i < parts && sld_tf_ok(node); i++) {
        int64_t next = i + 1;
        sld_value *in[4] = {
            x, sld_tf_binary(node, SLD_BINARY_PROD, share, sld_tf_vector(node, &i, 1)),
            sld_tf_binary(node, SLD_BINARY_PROD, share, sld_tf_vector(node, &next, 1)),
            sld_tf_vector(node, &at, 1)};
        sld_tf_set_form(node, (uint32_t)i, sld_tf_emit(node, SLD_OP_SLICE, NULL, in, 4), first);
    }
}

void sld_tf_split(sld_tf_node *node, int told)
{
    (void)told;
    sld_tf_tensor *t = sld_tf_in(node, 1);
    int64_t parts = sld_tf_int(node, "num_split", 1), dim = 0;
    int axis = sld_tf_axis(node, sld_tf_constant_int(node, 0, "axis"), sld_tf_rank(t));
    if (sld_tf_ok(node) && parts > 0 && parts <= SLD_MAX_OUTPUTS &&
        !sld_tf_dim(node, t, axis, &dim)) {
        split_open(node, t, axis, parts);
        return;
    }
    if (sld_tf_ok(node) && (parts < 1 || dim % parts != 0)) {
        sld_tf_fail(node, SOLDER_ERROR_DATA, "dimension %lld in %lld parts", (long long)dim,
                    (long long)parts);
    }
    sld_tf_outputs(node, parts);
    bool first;
    sld_value *x = to_cut(node, t, &axis, &first);
    for (int64_t i = 0; i < parts && sld_tf_ok(node); i++) {
        int64_t size = dim / parts;
        sld_value *part = sld_tf_slice(node, x, axis, i * size, (i + 1) * size);
        sld_tf_set_form(node, (uint32_t)i, part, first);
    }
}

#define MAX_PARTS 256

void sld_tf_split_v(sld_tf_node *node, int told)
{
    (void)told;
    sld_tf_tensor *t = sld_tf_in(node, 0);
    int64_t sizes[MAX_PARTS], dim, total = 0, start = 0;
    size_t parts = sld_tf_constant_ints(node, 1, "sizes", sizes, MAX_PARTS), rest = MAX_PARTS;
    int axis = sld_tf_axis(node, sld_tf_constant_int(node, 2, "axis"), sld_tf_rank(t));
    (void)sld_tf_int(node, "num_split", 1);
    if (!sld_tf_ok(node)) {
        return;
    }
    if (!sld_tf_dim(node, t, axis, &dim)) {
        sld_tf_unsupported(node, "an open dimension");
        return;
    }
    for (size_t i = 0; i < parts; i++) {
        if (sizes[i] < -1 || sizes[i] > dim - total || (sizes[i] == -1 && rest != MAX_PARTS)) {
            sld_tf_fail(node, SOLDER_ERROR_DATA, "part %zu has size %lld", i, (long long)sizes[i]);
            return;
        }
        rest = sizes[i] == -1 ? i : rest;
        total += sizes[i] == -1 ? 0 : sizes[i];
    }
    if (total > dim || (rest == MAX_PARTS && total != dim)) {
        sld_tf_fail(node, SOLDER_ERROR_DATA, "the parts are %lld together, the dimension is %lld",
                    (long long)total, (long long)dim);
        return;
    }
    bool first;
    sld_value *x = to_cut(node, t, &axis, &first);
    sld_tf_outputs(node, (int64_t)parts);
    for (size_t i = 0; i < parts && sld_tf_ok(node); i++) {
        int64_t end = start + (i == rest ? dim - total : sizes[i]);
        sld_tf_set_form(node, (uint32_t)i, sld_tf_slice(node, x, axis, start, end), first);
        start = end;
    }
}

void sld_tf_unpack(sld_tf_node *node, int told)
{
    (void)told;
    sld_value *x = sld_tf_input(node, 0);
    int64_t count = sld_tf_int(node, "num", 0), given = sld_tf_int(node, "axis", 0);
    if (!sld_tf_ok(node)) {
        return;
    }
    int axis = sld_tf_axis(node, given, x->shape.rank);
    sld_tf_outputs(node, count);
    for (int64_t i = 0; i < count && sld_tf_ok(node); i++) {
        sld_value *index = sld_tf_constant(node, SOLDER_I64, 0, NULL, &i);
        sld_tf_set(node, (uint32_t)i, sld_tf_gather(node, x, index, axis));
    }
}

/* ---- slices ---- */

static bool all_known(sld_tf_node *node, const sld_value *list, int count)
{
    int64_t value;
    for (int i = 0; i < count && sld_tf_ok(node); i++) {
        if (!sld_tf_known_at(node, list, (size_t)i, &value)) {
            return false;
        }
    }
    return true;
}

/* Does it take a known number of elements, which gathering them says, or all behind a known one? */
static bool extent_known(sld_tf_node *node, const sld_value *begin, const sld_value *size, int i)
{
    int64_t from, count;
    return sld_tf_known_at(node, size, (size_t)i, &count) &&
           (count >= 0 || sld_tf_known_at(node, begin, (size_t)i, &from));
}

/* That many elements from where a run says, picked by index, so that dims are known. */
static sld_value *pick(sld_tf_node *node, sld_value *x, int axis, sld_value *begin, int64_t count)
{
    int64_t at = axis;
    sld_value *in[3] = {sld_tf_scalar(node, SOLDER_I64, 0),
                        sld_tf_scalar(node, SOLDER_I64, (double)count),
                        sld_tf_scalar(node, SOLDER_I64, 1)};
    sld_value *start =
        sld_tf_gather(node, begin, sld_tf_constant(node, SOLDER_I64, 0, NULL, &at), 0);
    sld_value *step = sld_tf_emit(node, SLD_OP_RANGE, NULL, in, 3);
    return sld_tf_gather(node, x, sld_tf_binary(node, SLD_BINARY_SUM, step, start), axis);
}

/* Where the axis ends, i64 [1]: begin + size, and -1 as size takes the rest. */
static sld_value *late_end(sld_tf_node *node, int axis, sld_value *begin, sld_value *size)
{
    const int64_t zero = 0, all = INT64_MAX;
    int64_t count = 0;
    bool known = sld_tf_known_at(node, size, (size_t)axis, &count);
    if (known && count == -1) {
        return sld_tf_vector(node, &all, 1);
    }
    const sld_value *whole = size;
    size = sld_tf_slice(node, size, 0, axis, axis + 1);
    sld_value *end =
        sld_tf_binary(node, SLD_BINARY_SUM, sld_tf_slice(node, begin, 0, axis, axis + 1), size);
    const sld_expr_table *exprs = &node->tf->graph->exprs;
    bool dim = sld_tf_ok(node) && whole->content != NULL && whole->content[axis] >= 0 &&
               exprs->exprs[whole->content[axis]].op == SLD_EXPR_SYMBOL;
    if (known || dim) {
        return end;
    }
    sld_value *rest = sld_tf_binary(node, SLD_BINARY_LESS, size, sld_tf_vector(node, &zero, 1));
    return sld_tf_select(node, rest, sld_tf_vector(node, &all, 1), end);
}

static void slice_late(sld_tf_node *node, sld_tf_tensor *t, sld_value *begin, sld_value *size)
{
    sld_value *x = sld_tf_plain(node, t), *start[SOLDER_MAX_RANK], *end[SOLDER_MAX_RANK];
    int64_t axes[SOLDER_MAX_RANK], from, count;
    uint32_t late = 0;
    begin = sld_tf_cast(node, SOLDER_I64, begin);
    size = sld_tf_cast(node, SOLDER_I64, size);
    for (int i = 0; i < sld_tf_rank(t) && sld_tf_ok(node); i++) {
        if (!extent_known(node, begin, size, i)) {
            start[late] = sld_tf_slice(node, begin, 0, i, i + 1);
            end[late] = late_end(node, i, begin, size);
            axes[late++] = i;
            continue;
        }
        (void)sld_tf_known_at(node, size, (size_t)i, &count);
        bool fixed = sld_tf_known_at(node, begin, (size_t)i, &from);
        x = !fixed ? pick(node, x, i, begin, count)
                   : sld_tf_slice(node, x, i, from, count == -1 ? INT64_MAX : from + count);
    }
    if (late > 0 && sld_tf_ok(node)) {
        sld_value *in[4] = {x, sld_tf_concat(node, start, late, 0),
                            sld_tf_concat(node, end, late, 0), sld_tf_vector(node, axes, late)};
        x = sld_tf_emit(node, SLD_OP_SLICE, NULL, in, 4);
    }
    sld_tf_set(node, 0, x);
}

void sld_tf_slice_op(sld_tf_node *node, int told)
{
    (void)told;
    sld_tf_tensor *t = sld_tf_in(node, 0);
    int rank = sld_tf_rank(t);
    int64_t begin[SOLDER_MAX_RANK] = {0}, size[SOLDER_MAX_RANK] = {0};
    sld_value *starts = sld_tf_input(node, 1), *sizes = sld_tf_input(node, 2);
    size_t a = 0, b = 0;
    if (sld_tf_ok(node) && sld_tf_known_count(node, starts, &a) && a == (size_t)rank &&
        sld_tf_known_count(node, sizes, &b) && b == a &&
        !(all_known(node, starts, rank) && all_known(node, sizes, rank))) {
        slice_late(node, t, starts, sizes);
        return;
    }
    b = sld_tf_constant_ints(node, 2, "size", size, SOLDER_MAX_RANK);
    a = sld_tf_constant_ints(node, 1, "begin", begin, SOLDER_MAX_RANK);
    if (sld_tf_ok(node) && (a != (size_t)rank || b != (size_t)rank)) {
        sld_tf_fail(node, SOLDER_ERROR_DATA, "begin and size have %zu and %zu values", a, b);
    }
    sld_slice_params params = {.count = rank};
    bool first = t->first != NULL;
    for (int i = 0; i < rank && sld_tf_ok(node); i++) {
        if (begin[i] < 0 || size[i] < -1 || !sld_i64_add(begin[i], size[i], &params.end[i])) {
            sld_tf_fail(node, SOLDER_ERROR_DATA, "begin or size of axis %d is out of range", i);
        }
        params.axes[i] = first ? sld_tf_first_axis(i, rank) : i;
        params.start[i] = begin[i];
        params.end[i] = size[i] == -1 ? INT64_MAX : params.end[i];
        params.step[i] = 1;
    }
    sld_value *x = first ? sld_tf_first(node, t) : sld_tf_plain(node, t);
    sld_tf_set_form(node, 0, sld_tf_emit(node, SLD_OP_SLICE, &params, &x, 1), first);
}

typedef struct masks {
    int64_t begin, end, ellipsis, fresh, shrink;
} masks;

typedef struct strided {
    sld_slice_params params;
    sld_value *start[SOLDER_MAX_RANK], *end[SOLDER_MAX_RANK]; /* i64 [1], where not known now */
    bool picked[SOLDER_MAX_RANK]; /* one element, at start: an axis that vanishes */
    bool late;                    /* some bound is not known now */
    int from[SOLDER_MAX_RANK];    /* of the result */
    int rank;
    bool moves; /* axes vanish or appear */
} strided;

static void add_result(sld_tf_node *node, strided *s, int from)
{
    if (s->rank == SOLDER_MAX_RANK) {
        sld_tf_unsupported(node, "more than %d dimensions", SOLDER_MAX_RANK);
        return;
    }
    s->from[s->rank++] = from;
}

/* Entry i of bounds: known now, or a value. */
static void read_bound(sld_tf_node *node, uint32_t input, int i, int64_t *known, sld_value **late)
{
    sld_value *list = sld_tf_input(node, input);
    if (!sld_tf_known_at(node, list, (size_t)i, known)) {
        *late = sld_tf_cast(node, SOLDER_I64, sld_tf_slice(node, list, 0, i, i + 1));
    }
}

/* One entry of begin, end and strides, for axis `axis` of the input. */
static void add_entry(sld_tf_node *node, strided *s, const masks *m, int i, int axis)
{
    int64_t bit = (int64_t)1 << i, start = 0, end = 0, step = 1;
    bool shrink = (m->shrink & bit) != 0, from_start = (m->begin & bit) != 0 && !shrink;
    bool to_end = (m->end & bit) != 0;
    sld_slice_params *p = &s->params;
    if (!sld_tf_known_at(node, sld_tf_input(node, 3), (size_t)i, &step)) {
        sld_tf_unsupported(node, "strides that are not constant");
        return;
    }
    if (!from_start) {
        read_bound(node, 1, i, &start, &s->start[p->count]);
    }
    if (!to_end && !shrink) {
        read_bound(node, 2, i, &end, &s->end[p->count]);
    }
    if (step == 0 || (shrink && step < 0)) {
        sld_tf_fail(node, SOLDER_ERROR_DATA, "a stride of %lld", (long long)step);
        return;
    }
    int at = p->count++;
    s->late = s->late || s->start[at] != NULL || s->end[at] != NULL;
    p->axes[at] = axis;
    p->step[at] = shrink ? 1 : step;
    p->start[at] = from_start ? (step > 0 ? 0 : INT64_MAX) : start;
    p->end[at] = to_end ? (step > 0 ? INT64_MAX : INT64_MIN) : end;
    if (shrink) {
        p->end[at] = start == -1 || start == INT64_MAX ? INT64_MAX : start + 1;
        s->picked[at] = s->start[at] != NULL;
        s->moves = true;
    } else {
        add_result(node, s, axis);
    }
}

static void read_strided(sld_tf_node *node, const masks *m, int entries, int rank, strided *s)
{
    int used = 0, axis = 0, ellipsis = -1;
    for (int i = 0; i < entries; i++) {
        int64_t bit = (int64_t)1 << i;
        if ((m->ellipsis & bit) != 0 && ellipsis < 0) {
            ellipsis = i;
        } else if ((m->fresh & bit) == 0) {
            used++;
        }
    }
    if (used > rank) {
        sld_tf_fail(node, SOLDER_ERROR_DATA, "%d axes, the input has rank %d", used, rank);
        return;
    }
    for (int i = 0; i < entries && sld_tf_ok(node); i++) {
        int64_t bit = (int64_t)1 << i;
        if (i == ellipsis) {
            for (int skipped = rank - used; skipped > 0; skipped--) {
                add_result(node, s, axis++);
            }
        } else if ((m->fresh & bit) != 0) {
            add_result(node, s, -1);
            s->moves = true;
        } else {
            add_entry(node, s, m, i, axis++);
        }
    }
    while (axis < rank && sld_tf_ok(node)) {
        add_result(node, s, axis++);
    }
}

/* The bounds as lists a run fills; axes of which one element is picked apart from them. */
static sld_value *slice_by_lists(sld_tf_node *node, const strided *s, sld_value *x)
{
    const sld_slice_params *p = &s->params;
    sld_value *start[SOLDER_MAX_RANK], *end[SOLDER_MAX_RANK];
    int64_t axes[SOLDER_MAX_RANK], steps[SOLDER_MAX_RANK];
    uint32_t count = 0;
    for (int i = 0; i < p->count && sld_tf_ok(node); i++) {
        if (s->picked[i]) {
            x = sld_tf_gather(node, x, s->start[i], p->axes[i]);
            continue;
        }
        start[count] = s->start[i] != NULL ? s->start[i] : sld_tf_vector(node, &p->start[i], 1);
        end[count] = s->end[i] != NULL ? s->end[i] : sld_tf_vector(node, &p->end[i], 1);
        axes[count] = p->axes[i];
        steps[count++] = p->step[i];
    }
    if (count == 0) {
        return x;
    }
    sld_value *in[5] = {x, sld_tf_concat(node, start, count, 0), sld_tf_concat(node, end, count, 0),
                        sld_tf_vector(node, axes, count), sld_tf_vector(node, steps, count)};
    return sld_tf_emit(node, SLD_OP_SLICE, NULL, in, 5);
}

void sld_tf_strided_slice(sld_tf_node *node, int told)
{
    (void)told;
    sld_tf_tensor *t = sld_tf_in(node, 0);
    const masks m = {sld_tf_int(node, "begin_mask", 0), sld_tf_int(node, "end_mask", 0),
                     sld_tf_int(node, "ellipsis_mask", 0), sld_tf_int(node, "new_axis_mask", 0),
                     sld_tf_int(node, "shrink_axis_mask", 0)};
    size_t entries = 0;
    if (!sld_tf_known_count(node, sld_tf_input(node, 1), &entries) ||
        entries > 2 * SOLDER_MAX_RANK) {
        sld_tf_unsupported(node, "an open number of bounds");
    }
    int rank = sld_tf_rank(t);
    strided s = {.rank = 0};
    if (!sld_tf_ok(node)) {
        return;
    }
    (void)sld_tf_input(node, 2);
    (void)sld_tf_input(node, 3);
    read_strided(node, &m, (int)entries, rank, &s);
    bool first = t->first != NULL && !s.moves;
    for (int i = 0; first && i < s.params.count; i++) {
        s.params.axes[i] = sld_tf_first_axis(s.params.axes[i], rank);
    }
    sld_value *x = first ? sld_tf_first(node, t) : sld_tf_plain(node, t);
    x = s.late ? slice_by_lists(node, &s, x) : sld_tf_emit(node, SLD_OP_SLICE, &s.params, &x, 1);
    if (s.moves) {
        x = sld_tf_rearrange(node, x, s.from, s.rank);
    }
    sld_tf_set_form(node, 0, x, first);
}

void sld_tf_reverse(sld_tf_node *node, int told)
{
    (void)told;
    sld_tf_tensor *t = sld_tf_in(node, 0);
    int rank = sld_tf_rank(t);
    int64_t axes[SOLDER_MAX_RANK];
    size_t count = sld_tf_constant_ints(node, 1, "axes", axes, SOLDER_MAX_RANK);
    bool first = t->first != NULL;
    sld_slice_params params = {.count = (int32_t)count};
    for (size_t i = 0; i < count; i++) {
        int axis = sld_tf_axis(node, axes[i], rank);
        params.axes[i] = first ? sld_tf_first_axis(axis, rank) : axis;
        params.start[i] = -1;
        params.end[i] = INT64_MIN;
        params.step[i] = -1;
    }
    sld_value *x = first ? sld_tf_first(node, t) : sld_tf_plain(node, t);
    sld_tf_set_form(node, 0, sld_tf_emit(node, SLD_OP_SLICE, &params, &x, 1), first);
}

/* ---- gathers ---- */

void sld_tf_gather_nd(sld_tf_node *node, int told)
{
    (void)told;
    const sld_gather_params params = {.kind = SLD_GATHER_ND};
    sld_value *in[2] = {sld_tf_input(node, 0),
                        sld_tf_cast(node, SOLDER_I64, sld_tf_input(node, 1))};
    (void)sld_tf_attribute(node, "bad_indices_policy", SLD_TF_STRING);
    sld_tf_set(node, 0, sld_tf_emit(node, SLD_OP_GATHER, &params, in, 2));
}

void sld_tf_one_hot(sld_tf_node *node, int told)
{
    (void)told;
    sld_value *indices = sld_tf_cast(node, SOLDER_I64, sld_tf_input(node, 0));
    sld_value *depth = sld_tf_cast(node, SOLDER_I64, sld_tf_input(node, 1));
    int64_t given = sld_tf_int(node, "axis", -1);
    if (!sld_tf_ok(node)) {
        return;
    }
    int rank = indices->shape.rank, axis = sld_tf_axis(node, given, rank + 1);
    sld_value *in[3] = {sld_tf_scalar(node, SOLDER_I64, 0), sld_tf_as_scalar(node, depth),
                        sld_tf_scalar(node, SOLDER_I64, 1)};
    sld_value *counted = sld_tf_emit(node, SLD_OP_RANGE, NULL, in, 3);
    counted = sld_tf_unsqueeze(node, counted, 1, rank - axis);
    indices = sld_tf_unsqueeze(node, indices, axis, 1);
    sld_value *hit = sld_tf_binary(node, SLD_BINARY_EQUAL, indices, counted);
    sld_value *on = sld_tf_as_scalar(node, sld_tf_input(node, 2));
    sld_value *off = sld_tf_as_scalar(node, sld_tf_input(node, 3));
    sld_tf_set(node, 0, sld_tf_select(node, hit, on, off));
}
